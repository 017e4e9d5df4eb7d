#pragma once
#include <string>
#include <string_view>

namespace meg {

// What each operating system does in its own way; platform_linux.cpp has Linux's.

/// The cores that this process may run on, at least 1: fewer than there are under taskset, and in containers whose
/// cgroup (version 2) says so. Thread-safe.
int usable_cores();

/// Most memory that this process has held, in MB.
double peak_megabytes();

/// From now on large blocks go back to the system when they are freed: for a program that allocates seldom. To be
/// called before there are other threads.
void return_freed_memory();

/// The file of a shared library: "libxgboost.so" of "xgboost".
std::string library_file(std::string_view name);

}  // namespace meg
