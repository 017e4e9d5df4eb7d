#pragma once
#include <memory>
#include <string>

#include "core/nn/backend.h"

namespace meg::cuda {

/// The backend of the first GPU, where obstacle() says nothing.
std::unique_ptr<Backend> make_backend(Precision precision);
/// Why no GPU of this machine can be used, without a full stop; empty where one can.
std::string obstacle();

}  // namespace meg::cuda
