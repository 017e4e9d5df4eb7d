#define MEG_KERNELS cuda
#include <doctest/doctest.h>

#include "kernels/cublas.h"

// Where the backend of a GPU was built there is cuBLAS, even if there is no GPU.

TEST_CASE("cuBLAS is found where meg was built, with all that is used of it") {
  CHECK(meg::cuda::Cublas::obstacle() == "");
}
