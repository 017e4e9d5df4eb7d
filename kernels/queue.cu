#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

namespace {

/// Steps of other shapes than so many run call by call; training has two or three.
constexpr std::size_t kMostGraphs = 32;

std::size_t padded(std::size_t bytes) { return (bytes + 15) / 16 * 16; }

}  // namespace

void Queue::Step::clear() {
  calls_.clear();
  bytes_.clear();
  sizes_.clear();
}

void Queue::Step::add(const Call& call) {
  Noted& noted = calls_.emplace_back(Noted{call, bytes_.size(), 0, sizes_.size()});
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const std::size_t begin = bytes_.size(), size = call.argument_sizes[i];
    bytes_.resize(begin + padded(size));
    std::memcpy(bytes_.data() + begin, call.arguments[i], size);
    sizes_.push_back(size);
  }
  noted.end = bytes_.size();
}

Call Queue::Step::call(std::size_t i) {
  const Noted& noted = calls_[i];
  const std::size_t next_size = i + 1 < calls_.size() ? calls_[i + 1].first_size : sizes_.size();
  arguments_.clear();
  std::size_t at = noted.begin;
  for (std::size_t n = noted.first_size; n < next_size; at += padded(sizes_[n++])) arguments_.push_back(&bytes_[at]);
  Call call = noted.call;
  call.arguments = arguments_;
  call.argument_sizes = std::span(sizes_).subspan(noted.first_size, next_size - noted.first_size);
  return call;
}

bool Queue::Step::like(const Step& other) const {
  return std::equal(calls_.begin(), calls_.end(), other.calls_.begin(), other.calls_.end(),
                    [](const Noted& a, const Noted& b) {
                      return a.call.kernel == b.call.kernel && std::ranges::equal(a.call.blocks, b.call.blocks) &&
                             a.call.threads == b.call.threads && a.call.shared_bytes == b.call.shared_bytes;
                    });
}

bool Queue::Step::same_arguments(const Step& other, std::size_t i) const {
  const Noted& noted = calls_[i];
  return std::memcmp(&bytes_[noted.begin], &other.bytes_[noted.begin], noted.end - noted.begin) == 0;
}

void Queue::run(const Call& call) {
  if (noting_)
    step_.add(call);
  else
    stream_.run(call);
}

void Queue::upload(const void* from, std::size_t bytes, void* to) {
  flush();
  stream_.upload(from, bytes, to);
}

void Queue::download(const void* from, std::size_t bytes, void* to) {
  flush();
  stream_.download(from, bytes, to);
}

void Queue::start_download(const void* from, std::size_t bytes, void* to, Download& download) {
  flush();
  download.start(stream_, from, bytes, to);
}

void Queue::begin_step() {
  flush();
  noting_ = true;
}

void Queue::end_step() {
  const auto found =
      std::find_if(steps_.begin(), steps_.end(), [&](const Replayed& old) { return old.step.like(step_); });
  const bool known = found != steps_.end();
  if (!noting_ || step_.size() == 0 || (!known && steps_.size() == kMostGraphs)) return flush();
  noting_ = false;
  try {
    known ? replay(*found) : record();
  } catch (...) {
    if (known) steps_.erase(found);  // half of its arguments may have changed
    step_.clear();                   // what throws is not run again
    throw;
  }
  step_.clear();
}

void Queue::record() {
  Replayed made;
  for (std::size_t i = 0; i < step_.size(); ++i) made.graph.add(step_.call(i));
  made.graph.run(stream_.handle());
  made.step = step_;
  steps_.push_back(std::move(made));
}

void Queue::replay(Replayed& earlier) {
  for (std::size_t i = 0; i < step_.size(); ++i)
    if (!step_.same_arguments(earlier.step, i)) earlier.graph.change(i, step_.call(i));
  std::swap(earlier.step, step_);
  earlier.graph.run(stream_.handle());
}

void Queue::flush() {
  noting_ = false;
  if (step_.size() == 0) return;
  Step noted = std::exchange(step_, {});  // what throws is not run again
  for (std::size_t i = 0; i < noted.size(); ++i) stream_.run(noted.call(i));
}

}  // namespace meg::MEG_KERNELS
