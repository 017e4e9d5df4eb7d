#include "cpu/backend.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

std::unique_ptr<Backend> make(int threads) { return std::make_unique<CpuBackend>(threads); }

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
