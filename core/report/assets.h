#pragma once
#include <string_view>

/// The files that a page is made of, as the build found them: they lie in the program.
namespace meg::assets {

std::string_view html();  ///< with {{style}}, {{data}}, {{plotly}}, {{script}} in this order
std::string_view css();
std::string_view script();
std::string_view plotly();  ///< plotly.min.js; empty where the build had none

}  // namespace meg::assets
