#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace meg {

/// Whether numbers with a point are names whose spelling counts, as those of versions and of diseases are: some begin
/// with a zero before other digits (038.9), one is spelled in two ways (250.0 and 250.00), or numbers behind the point
/// go on from one digit to two (3.8, 3.9, 3.10). Names repeat: there are at most 1000 different ones, and two cells of
/// each on average, or at most 20.
bool are_spelled_as_codes(const std::vector<std::string_view>& values, const std::vector<double>& numbers,
                          std::size_t cells);

}  // namespace meg
