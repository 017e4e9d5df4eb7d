#pragma once
#include "core/nn/column_layout.h"

namespace meg::cpu {

/// Where the noise of a column's parts begins: the codes' at 0, the mixture's weights', z's; each at a whole sixteen.
inline int mixture_noise(int codes) { return (codes + 15) / 16 * 16; }
inline int z_noise(int codes) { return mixture_noise(codes) + (kMixtures + 15) / 16 * 16; }

}  // namespace meg::cpu
