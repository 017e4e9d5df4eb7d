#pragma once
#include "core/nn/backend.h"
#include "core/table/code/coding.h"

namespace meg {

/// What a backend decodes the cells of a coding's columns by; the coding must outlive it.
class Decoding {
 public:
  Decoding(Backend& backend, const TableCoding& coding);
  /// One a column of coding.number_columns().
  std::span<const NumberColumn> numbers() const { return numbers_; }

 private:
  Arena tables_;  // on a GPU; the CPU takes those of the coding
  std::vector<NumberColumn> numbers_;
};

}  // namespace meg
