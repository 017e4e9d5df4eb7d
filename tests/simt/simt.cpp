#include "simt.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/fail.h"
#include "tests/sanitized.h"

#ifdef MEG_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace simt {

namespace {

constexpr std::size_t kStack = 128 * 1024;
constexpr unsigned kWarp = 32;

std::string text(Where where) {
  std::string file = where.file_name();
  return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), where.line());
}

bool same(Where a, Where b) {
  return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

/// AddressSanitizer must be told which stack the program is on.
struct Stack {
  const void* bottom = nullptr;
  std::size_t size = 0;
};

/// Boost's stacks, noted where they are.
struct NotedStacks {
  boost::context::stack_context allocate() {
    const boost::context::stack_context made = stacks.allocate();
    *note = {static_cast<char*>(made.sp) - made.size, made.size};
    return made;
  }
  void deallocate(boost::context::stack_context& stack) { stacks.deallocate(stack); }

  Stack* note;
  boost::context::protected_fixedsize_stack stacks{kStack};
};

/// Runs threads on a stack of its own: the next ones of the block, until one of them must wait.
class Fiber {
 public:
  template <class Body>
  explicit Fiber(Body body)
      : fiber_(std::allocator_arg, NotedStacks{&own_}, [this, body](boost::context::fiber&& back) {
          back_ = std::move(back);
          arrived();
          body(*this);
          leave(from_, own_frames_);
          return std::move(back_);
        }) {}
  Fiber(const Fiber&) = delete;
  /// Nothing waits on it: it returns from its last pause.
  ~Fiber() {
    ending_ = true;
    resume();
  }
  bool ending() const { return ending_; }

  /// Goes on with what the fiber does, until it pauses.
  void resume() {
    leave(own_, outer_frames_);
    fiber_ = std::move(fiber_).resume();
    arrive(outer_frames_, nullptr);
  }
  /// Called on the fiber.
  void pause() {
    leave(from_, own_frames_);
    back_ = std::move(back_).resume();
    arrived();
  }

 private:
  void arrived() { arrive(own_frames_, &from_); }
#ifdef MEG_ADDRESS_SANITIZER
  static void leave(Stack to, void*& frames) { __sanitizer_start_switch_fiber(&frames, to.bottom, to.size); }
  static void arrive(void* frames, Stack* from) {
    __sanitizer_finish_switch_fiber(frames, from ? &from->bottom : nullptr, from ? &from->size : nullptr);
  }
#else
  static void leave(Stack, void*) {}
  static void arrive(void*, Stack*) {}
#endif

  Stack own_, from_;
  void *own_frames_ = nullptr, *outer_frames_ = nullptr;
  bool ending_ = false;
  boost::context::fiber fiber_, back_;
};

struct Abandoned {};  // unwinds the threads of a block of which one has failed

enum class Wait { kNone, kGrid, kBlock, kWarp, kShuffle, kBallot, kGather };

struct Block;

/// On its way to shared memory.
struct Copy {
  std::size_t begin, size;
  const void* from;
  Where where;
};

struct Thread {
  Place place;
  Block* block = nullptr;
  Wait wait = Wait::kNone;
  Where where;
  Fiber* fiber = nullptr;  // where it waits
  bool done = false;
  unsigned mask = 0, source = 0;    // of a warp operation
  std::uint64_t word = 0;           // what it brings to it, and takes from it
  std::span<const std::byte> mine;  // the same of a gather
  const std::byte* all = nullptr;
  std::vector<std::vector<Copy>> groups;  // of copies, the last of them not committed
};

/// Who touched four bytes of shared memory last, and when: between which barriers of the block and of the warp.
struct Access {
  unsigned thread = 0;
  std::uint64_t block_time = 0, warp_time = 0;
};
struct Word {
  Access write, read, other_read;  // time 0: never; two readers at most, for one of them is not the writer
  bool written = false;
};

/// What a warp brought to its last two gathers.
struct Snapshots {
  unsigned turn = 0;
  std::array<std::vector<std::byte>, 2> sides;
};

struct Block {
  std::span<Thread> threads;
  std::vector<std::byte> shared;
  std::vector<Word> words;  // of shared
  std::uint64_t time = 1;   // barriers passed
  std::vector<std::uint64_t> warp_times;
  std::vector<Snapshots> snapshots;  // of the warps
};

class Runner {
 public:
  void run(dim3 grid, dim3 block, std::size_t shared_bytes, bool together, const std::function<void()>& body) {
    if (running_) meg::fail("simt: a kernel launched a kernel");
    const unsigned threads = block.x * block.y * block.z;
    if (threads == 0 || threads > 1024) meg::fail("simt: {} threads in a block; there are 1 to 1024", threads);
    if (shared_bytes > 227 * 1024)
      meg::fail("simt: {} bytes of shared memory; a block has at most 227 KB", shared_bytes);
    if (grid.y > 65535 || grid.z > 65535) meg::fail("simt: {} x {} blocks in y and z; 65535 at most", grid.y, grid.z);
    running_ = true;
    together_ = together;
    body_ = &body;
    std::vector<dim3> places;
    for (unsigned z = 0; z < grid.z; ++z)
      for (unsigned y = 0; y < grid.y; ++y)
        for (unsigned x = 0; x < grid.x; ++x) places.push_back({x, y, z});
    backwards_ = (coin_() & 1) != 0;
    if (backwards_) std::reverse(places.begin(), places.end());
    const std::size_t at_once = together ? places.size() : 1;
    for (std::size_t first = 0; first < places.size(); first += at_once)
      run_blocks(std::span(places).subspan(first, at_once), grid, block, threads, shared_bytes);
    running_ = false;
  }

  const Place& place() const { return current_->place; }
  Block& block() { return *current_->block; }

  std::uint64_t wait(Wait what, unsigned mask, std::uint64_t word, unsigned source, std::span<const std::byte> mine,
                     Where where) {
    Thread& self = *current_;
    self.wait = what, self.mask = mask, self.word = word, self.source = source, self.mine = mine, self.where = where;
    if (what == Wait::kGrid && !together_)
      meg::fail("simt: a barrier of the grid at {}, whose blocks are not launched together", text(where));
    if (what > Wait::kBlock && !(mask >> number(self) % kWarp & 1))
      meg::fail("simt: thread {} is not in the mask of its own warp operation at {}", number(self), text(where));
    self.fiber = fiber_;
    fiber_->pause();
    if (failure_) throw Abandoned{};
    return self.word;
  }
  const std::byte* gathered() const { return current_->all; }

  void copy_later(const Copy& copy) {
    note(copy.begin, copy.size, true, copy.where);  // it may come at once
    if (current_->groups.empty()) current_->groups.emplace_back();
    current_->groups.back().push_back(copy);
  }
  void commit_copies() {
    if (current_->groups.empty()) current_->groups.emplace_back();
    current_->groups.emplace_back();
  }
  void wait_for_copies(std::size_t groups) {
    auto& begun = current_->groups;
    while (begun.size() > groups + 1) {
      for (const Copy& copy : begun.front()) {
        note(copy.begin, copy.size, true, copy.where);
        std::byte* const to = current_->block->shared.data() + copy.begin;
        if (copy.from)
          std::memcpy(to, copy.from, copy.size);
        else
          std::memset(to, 0, copy.size);
      }
      begun.erase(begun.begin());
    }
  }

  void note(std::size_t begin, std::size_t size, bool writes, Where where) {
    const unsigned self = number(*current_);
    Block& block = *current_->block;
    const Access now{self, block.time, block.warp_times[self / kWarp]};
    for (std::size_t w = begin / 4; w < (begin + size + 3) / 4; ++w) {
      Word& word = block.words[w];
      if (!writes && !word.written)
        meg::fail("simt: thread {} reads shared memory that nobody wrote at {}", self, text(where));
      check_order(word.write, now, where);
      if (writes) check_order(word.read, now, where), check_order(word.other_read, now, where);
      if (writes) {
        word.write = now;
        word.written = true;
      } else if (word.read.thread != self) {
        word.other_read = word.read;
        word.read = now;
      } else {
        word.read = now;
      }
    }
  }

 private:
  static void check_order(const Access& before, const Access& now, Where where) {
    if (before.block_time != now.block_time || before.thread == now.thread) return;
    if (before.thread / kWarp != now.thread / kWarp || before.warp_time == now.warp_time)
      meg::fail("simt: threads {} and {} touch the same shared memory with no barrier between them at {}",
                before.thread, now.thread, text(where));
  }
  /// In its block.
  static unsigned number(const Thread& thread) { return static_cast<unsigned>(&thread - thread.block->threads.data()); }

  /// Runs blocks side by side.
  void run_blocks(std::span<const dim3> places, dim3 grid, dim3 block, unsigned threads, std::size_t shared_bytes) {
    threads_.assign(places.size() * threads, Thread{});
    blocks_.resize(places.size());
    for (std::size_t b = 0; b < places.size(); ++b) {
      Block& made = blocks_[b];
      made.threads = std::span(threads_).subspan(b * threads, threads);
      made.shared.assign(shared_bytes, std::byte{0xff});  // not a number
      made.words.assign((shared_bytes + 3) / 4, Word{});
      made.time = 1;
      made.warp_times.assign((threads + kWarp - 1) / kWarp, 1);
      made.snapshots.resize(made.warp_times.size());
      for (unsigned t = 0; t < threads; ++t) {
        made.threads[t].place = {{t % block.x, t / block.x % block.y, t / block.x / block.y}, places[b], block, grid};
        made.threads[t].block = &made;
      }
    }
    next_ = 0;
    while (next_ < threads_.size() && !failure_) resume(idle_fiber());
    while (!failure_ && std::any_of(threads_.begin(), threads_.end(), [](const Thread& t) { return !t.done; })) {
      try {
        resume_block(next_block());
      } catch (...) {
        failure_ = std::current_exception();
      }
    }
    if (!failure_) return;
    for (Thread& thread : threads_)
      if (thread.fiber && !thread.done) current_ = &thread, resume(*thread.fiber);  // throws Abandoned there
    running_ = false;
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  void resume(Fiber& fiber) {
    fiber_ = &fiber;
    fiber.resume();
  }

  static bool can_go_on(const Thread& thread) { return !thread.done && thread.wait == Wait::kNone; }

  /// The thread whose turn comes after `turn` others.
  Thread& in_turn(std::span<Thread> threads, std::size_t turn) const {
    return threads[backwards_ ? threads.size() - 1 - turn : turn];
  }

  void resume_block(Block& block) {
    for (std::size_t t = 0; t < block.threads.size(); ++t)
      if (Thread& thread = in_turn(block.threads, t); can_go_on(thread) && !failure_) {
        current_ = &thread;
        resume(*thread.fiber);
      }
  }

  /// A fiber on which no thread waits.
  Fiber& idle_fiber() {
    if (idle_.empty()) {
      fibers_.push_back(std::make_unique<Fiber>([this](Fiber& self) {
        while (!self.ending()) {
          run_threads();
          idle_.push_back(&self);
          self.pause();
        }
      }));
      return *fibers_.back();
    }
    Fiber& fiber = *idle_.back();
    idle_.pop_back();
    return fiber;
  }

  void run_threads() {
    while (next_ < threads_.size() && !failure_) {
      Thread& self = in_turn(threads_, next_++);
      current_ = &self;
      try {
        (*body_)();
      } catch (const Abandoned&) {
      } catch (...) {
        failure_ = std::current_exception();
      }
      self.done = true;
      self.wait = Wait::kNone;
    }
  }

  /// The block that goes on. It runs ahead of the others as far as it can, the first one and the last one in turn: who
  /// needs a barrier of the grid that is not there finds out.
  Block& next_block() {
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      Block& block = blocks_[grid_time_ % 2 == 0 ? b : blocks_.size() - 1 - b];
      if (std::any_of(block.threads.begin(), block.threads.end(), can_go_on) || release(block)) return block;
    }
    const Thread& first = *std::find_if(threads_.begin(), threads_.end(), [](const Thread& t) { return !t.done; });
    for (const Thread& thread : threads_) check_same_barrier(first, thread);
    ++grid_time_;
    for (Block& block : blocks_) pass(block);
    return grid_time_ % 2 == 0 ? blocks_.front() : blocks_.back();
  }

  /// Threads of the block go on for whom everybody is there; false where all have ended or wait for the grid.
  bool release(Block& block) {
    bool released = false;
    for (std::size_t warp = 0; warp < block.warp_times.size(); ++warp)
      for (Thread& thread : warp_of(block, warp))
        if (thread.wait > Wait::kBlock) released |= release_warp(block, warp, thread);
    if (released) return true;
    const auto first =
        std::find_if(block.threads.begin(), block.threads.end(), [](const Thread& t) { return !t.done; });
    if (first == block.threads.end()) return false;
    for (const Thread& thread : block.threads) check_same_barrier(*first, thread);
    if (first->wait == Wait::kGrid) return false;
    pass(block);
    return true;
  }

  static void pass(Block& block) {
    ++block.time;
    for (Thread& thread : block.threads) thread.wait = Wait::kNone;
  }

  static void check_same_barrier(const Thread& first, const Thread& thread) {
    if (thread.done || thread.wait != first.wait || !same(thread.where, first.where) || first.wait > Wait::kBlock)
      meg::fail("simt: thread {} waits at {} for thread {}, which {}", number(first), text(first.where), number(thread),
                thread.done ? "has ended" : "waits at " + text(thread.where));
  }

  static std::span<Thread> warp_of(Block& block, std::size_t warp) {
    const std::size_t first = warp * kWarp;
    return block.threads.subspan(first, std::min<std::size_t>(kWarp, block.threads.size() - first));
  }

  bool release_warp(Block& block, std::size_t warp_number, const Thread& asks) {
    const std::span<Thread> warp = warp_of(block, warp_number);
    const auto in_mask = [mask = asks.mask](std::size_t lane) { return (mask >> lane & 1) != 0; };
    const Wait what = asks.wait;
    for (std::size_t l = 0; l < warp.size(); ++l) {
      if (!in_mask(l)) continue;
      const Thread& other = warp[l];
      if (other.done)
        meg::fail("simt: thread {} waits at {} for lane {} of its warp, which has ended", number(asks),
                  text(asks.where), l);
      if (other.wait != what || other.mask != asks.mask || !same(other.where, asks.where)) return false;
    }
    std::array<std::uint64_t, kWarp> words{};
    unsigned bits = 0;
    for (std::size_t l = 0; l < warp.size(); ++l) {
      words[l] = warp[l].word;
      if (in_mask(l) && warp[l].word != 0) bits |= 1u << l;
    }
    if (what == Wait::kWarp) ++block.warp_times[warp_number];
    if (what == Wait::kGather) snapshot(warp, block.snapshots[warp_number]);
    for (std::size_t l = 0; l < warp.size(); ++l) {
      Thread& thread = warp[l];
      if (!in_mask(l)) continue;
      if (what == Wait::kBallot) thread.word = bits;
      if (what == Wait::kShuffle && thread.source < warp.size()) {
        if (!in_mask(thread.source))
          meg::fail("simt: thread {} takes from lane {}, which is not in the mask at {}", number(thread), thread.source,
                    text(thread.where));
        thread.word = words[thread.source];
      }
      thread.wait = Wait::kNone;
    }
    return true;
  }

  /// What all lanes brought, side by side; there are two of them in turn, for a lane may be ahead of another by one.
  static void snapshot(std::span<Thread> warp, Snapshots& of) {
    if (warp.size() != kWarp) meg::fail("simt: a matrix instruction needs a whole warp");
    const std::size_t size = warp[0].mine.size();
    auto& [turn, sides] = of;
    std::vector<std::byte>& all = sides[++turn % 2];
    all.resize(kWarp * size);
    for (std::size_t l = 0; l < kWarp; ++l) {
      std::copy(warp[l].mine.begin(), warp[l].mine.end(), all.begin() + static_cast<std::ptrdiff_t>(l * size));
      warp[l].all = all.data();
    }
  }

  const std::function<void()>* body_ = nullptr;
  bool running_ = false, together_ = false;
  std::exception_ptr failure_;
  std::vector<Thread> threads_;
  std::mt19937 coin_;       // the same in every run
  bool backwards_ = false;  // blocks and threads, in this launch
  std::size_t next_ = 0;    // threads that have begun
  Thread* current_ = nullptr;
  Fiber* fiber_ = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  std::vector<Block> blocks_;    // side by side
  std::uint64_t grid_time_ = 0;  // barriers of grids passed
};

Runner& runner() {
  static Runner runner;
  return runner;
}

}  // namespace

const Place& place() { return runner().place(); }
void run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread, bool together) {
  runner().run(grid, block, shared_bytes, together, thread);
}
void grid_barrier(Where where) { runner().wait(Wait::kGrid, 0, 0, 0, {}, where); }
void block_barrier(Where where) { runner().wait(Wait::kBlock, 0, 0, 0, {}, where); }
void warp_barrier(unsigned mask, Where where) { runner().wait(Wait::kWarp, mask, 0, 0, {}, where); }
std::uint64_t shuffle(unsigned mask, std::uint64_t mine, unsigned source, Where where) {
  return runner().wait(Wait::kShuffle, mask, mine, source, {}, where);
}
unsigned ballot(unsigned mask, bool condition, Where where) {
  return static_cast<unsigned>(runner().wait(Wait::kBallot, mask, condition, 0, {}, where));
}
const std::byte* gather(std::span<const std::byte> mine, Where where) {
  runner().wait(Wait::kGather, 0xffffffff, 0, 0, mine, where);
  return runner().gathered();
}

namespace {

/// The fragments of a lane, as it hands them to a matrix instruction.
struct Fragments {
  unsigned a[4], b[2];
};

/// d += a b of the whole warp, [16, 8] += [16, depth] [depth, 8], where a_of(row, k) and b_of(k, column) find an
/// element in the fragments of all lanes.
template <class A, class B>
void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], unsigned depth, Where where,
                  const A& a_of, const B& b_of) {
  Fragments mine;
  std::copy_n(a, 4, mine.a);
  std::copy_n(b, 2, mine.b);
  std::array<Fragments, kWarp> all;
  std::memcpy(all.data(), gather(std::as_bytes(std::span(&mine, 1)), where), sizeof all);
  const unsigned i = lane() / 4, j = lane() % 4;
  for (unsigned n = 0; n < 4; ++n)
    for (unsigned k = 0; k < depth; ++k) d[n] += a_of(all, i + n / 2 * 8, k) * b_of(all, k, 2 * j + n % 2);
}

float tf32(unsigned word) { return std::bit_cast<float>(word & 0xffffe000u); }
float bf16(unsigned word, unsigned half) { return std::bit_cast<float>(half == 0 ? word << 16 : word & 0xffff0000u); }

}  // namespace

void multiply_add_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Where where) {
  multiply_add(
      d, a, b, 8, where,
      [](const auto& all, unsigned row, unsigned k) { return tf32(all[row % 8 * 4 + k % 4].a[row / 8 + k / 4 * 2]); },
      [](const auto& all, unsigned k, unsigned column) { return tf32(all[column * 4 + k % 4].b[k / 4]); });
}

void multiply_add_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Where where) {
  multiply_add(
      d, a, b, 16, where,
      [](const auto& all, unsigned row, unsigned k) {
        return bf16(all[row % 8 * 4 + k % 8 / 2].a[row / 8 + k / 8 * 2], k % 2);
      },
      [](const auto& all, unsigned k, unsigned column) { return bf16(all[column * 4 + k % 8 / 2].b[k / 8], k % 2); });
}

void note_read(std::size_t begin, std::size_t size, Where where) { runner().note(begin, size, false, where); }
void note_write(std::size_t begin, std::size_t size, Where where) { runner().note(begin, size, true, where); }
void copy_later(std::size_t begin, std::size_t size, const void* from, Where where) {
  runner().copy_later({begin, size, from, where});
}
void commit_copies() { runner().commit_copies(); }
void wait_for_copies(unsigned groups) { runner().wait_for_copies(groups); }
std::byte* shared_memory() { return runner().block().shared.data(); }
std::size_t shared_size() { return runner().block().shared.size(); }
void out_of_bounds(std::size_t index, std::size_t size, Where where) {
  meg::fail("simt: element {} of {} in shared memory at {}", index, size, text(where));
}

void not_aligned(std::size_t bytes, Where where) {
  meg::fail("simt: an access of {} bytes at {} whose place is no multiple of them", bytes, text(where));
}

}  // namespace simt
