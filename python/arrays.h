#pragma once
#include <nanobind/nanobind.h>

#include <string>

#include "meg/table.h"

namespace meg::python {

/// A column of Python's values. `format` is that of Arrow's C data interface, "dictionary" or "dictionary ordered"
/// for places in `dictionary`, a list of texts. `values` is
/// - of texts ("u") a list of str and None;
/// - of bools ("b") a numpy array of bool;
/// - else a numpy array of the type that meg holds them in (float64, int64, or int32 of dates, places, and times of
///   whole and thousandth seconds), whose memory the column shares.
/// `present` is None or a numpy array of bool. Throws Error, naming the column, for a text that is none.
Array array_of(const std::string& name, const std::string& format, nanobind::handle values, nanobind::handle present,
               nanobind::handle dictionary);

/// And back: (format, values, present, dictionary).
nanobind::tuple values_of(const Array& array);

}  // namespace meg::python
