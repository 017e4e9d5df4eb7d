#pragma once

/// Marks what the kernels of a GPU compute with too; elsewhere nothing.
#ifdef __CUDACC__
#define MEG_HOST_DEVICE __host__ __device__
#else
#define MEG_HOST_DEVICE
#endif
