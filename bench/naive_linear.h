#pragma once
#include "core/nn/backend.h"
#include "kernels/layer.h"
#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

/// The first rung of the ladder: a thread for every number of y = relu(x w + b), which reads all that it needs from
/// memory. `groups` is the layer on the device, `most_outputs` the widest of its groups.
void naive_linear_relu(Queue& queue, const LayerGroup* groups, std::size_t group_count, int most_outputs, int rows,
                       const float* x, const float* parameters, float* y);
/// y = relu(y + b): what must follow a library's product.
void add_bias_relu(Queue& queue, const LayerGroup* groups, std::size_t group_count, int most_outputs, int rows,
                   const float* parameters, float* y);

}  // namespace meg::MEG_KERNELS
