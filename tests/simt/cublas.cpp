#include "kernels/cublas.h"

#include <Eigen/Core>
#include <vector>

/// cuBLAS' part of kernels/cublas.h on the host: Eigen's products.
namespace meg::MEG_KERNELS {

std::string Cublas::obstacle() { return {}; }
struct Cublas::State {};
Cublas::Cublas(Queue&, Precision) {}
Cublas::~Cublas() = default;

struct GroupedGemm::State {
  std::vector<Gemm> products;
  GemmForm form;
};

GroupedGemm::GroupedGemm(const Cublas&, Queue&, std::span<const Gemm> products, GemmForm form)
    : state_(std::make_unique<State>(State{{products.begin(), products.end()}, form})) {}
GroupedGemm::~GroupedGemm() = default;

void GroupedGemm::multiply() const {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::OuterStride<>;
  const auto factor = [](const float* at, int rows, int columns, int stride, bool transposed) -> Matrix {
    if (transposed) return Eigen::Map<const Matrix, 0, Stride>(at, columns, rows, Stride(stride)).transpose();
    return Eigen::Map<const Matrix, 0, Stride>(at, rows, columns, Stride(stride));
  };
  const auto& [products, form] = *state_;
  for (const Gemm& g : products) {
    const Matrix product =
        factor(g.a, g.m, g.k, g.a_stride, form.a_transposed) * factor(g.b, g.k, g.n, g.b_stride, form.b_transposed);
    Eigen::Map<Matrix, 0, Stride> c(g.c, g.m, g.n, Stride(g.c_stride));
    if (form.beta == 0.0f)
      c = product;  // whatever was there
    else
      c = form.beta * c + product;
  }
}

}  // namespace meg::MEG_KERNELS
