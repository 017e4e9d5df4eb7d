#pragma once
#include "meg/options.h"

namespace meg {

/// check() without the presets: throws Error where an option is what it may not be.
void check_values(const Options& options);

/// "in [0, 1)", "from 0 on".
std::string bounds_text(const OptionBounds& bounds);

/// Copies the options of one scope.
void copy_options(const Options& from, OptionScope scope, Options& to);

/// Whether an option is of the preset of that name.
bool is_of(const Option& option, std::string_view preset);

}  // namespace meg
