#include "cli/training_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/fail.h"
#include "core/input_file.h"
#include "core/model_json.h"

namespace meg::cli {

namespace {

constexpr std::array kPhases{Progress::Phase::kTraining, Progress::Phase::kWarmUp, Progress::Phase::kRefinement};

const char* unit(Progress::Phase phase) { return phase == Progress::Phase::kRefinement ? "step" : "epoch"; }

TrainingLine parse(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  const std::string name = json.at("phase");
  TrainingLine out;
  Progress& p = out.progress;
  for (const Progress::Phase phase : kPhases)
    if (name == phase_name(phase)) p.phase = phase;
  p.done = json.at(unit(p.phase)), p.of = json.at("of");
  const auto number = [&](const char* key) { return json.value(key, Progress::kNone); };
  p.loss = number("loss"), p.held_out_loss = number("held_out_loss");
  p.discriminator = number("discriminator_loss"), p.generator = number("generator_loss");
  p.held_out_auc = number("held_out_auc");
  out.seconds = number("seconds"), out.megabytes = number("peak_megabytes");
  out.gpu_megabytes = number("peak_gpu_megabytes");
  return out;
}

bool same(const Progress& a, const Progress& b) {
  const auto equal = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  return a.phase == b.phase && a.done == b.done && equal(a.loss, b.loss) && equal(a.held_out_loss, b.held_out_loss) &&
         equal(a.discriminator, b.discriminator) && equal(a.generator, b.generator) &&
         equal(a.held_out_auc, b.held_out_auc);
}

}  // namespace

TrainingLog::TrainingLog(const std::string& path, bool append) : path_(path), file_(nullptr, &std::fclose) {
  if (path.empty()) return;
  if (path == "-") {
    file_ = {stdout, [](std::FILE*) { return 0; }};
    return;
  }
  file_.reset(std::fopen(path.c_str(), append ? "a" : "w"));
  if (!file_) fail("cannot write the log '{}': {}", path, std::strerror(errno));
}

void TrainingLog::write(const TrainingLine& line) {
  if (!file_) return;
  auto json = nlohmann::ordered_json::parse(progress_to_json(line.progress));
  const auto put = [&](const char* name, double value) {
    if (!std::isnan(value)) json[name] = value;
  };
  put("seconds", line.seconds);
  put("peak_megabytes", line.megabytes);
  put("peak_gpu_megabytes", line.gpu_megabytes);
  fmt::print(file_.get(), "{}\n", json.dump());
  if (std::fflush(file_.get()) != 0) fail("cannot write the log '{}': {}", path_, std::strerror(errno));
}

std::vector<TrainingLine> read_training_log(const std::string& path, const std::vector<Progress>& history) {
  std::vector<TrainingLine> out;
  std::istringstream text(read_file(path, "a log of `meg train`"));
  double before = 0, last = 0;  // seconds of the runs before this one, and of this one so far
  for (std::string line; std::getline(text, line);) try {
      TrainingLine next = parse(line);
      if (next.seconds < last) before += last;
      last = next.seconds;
      next.seconds += before;
      out.push_back(next);
    } catch (const nlohmann::json::exception&) {
      fail("{}:{}: this is no line of a log that `meg train --log` writes", path, out.size() + 1);
    }
  for (const Progress& p : history)
    if (std::none_of(out.begin(), out.end(), [&](const TrainingLine& line) { return same(line.progress, p); }))
      fail("the log '{}' is not of this model, or not of all its training: {} {} {} is not in it", path,
           phase_name(p.phase), unit(p.phase), p.done);
  return out;
}

}  // namespace meg::cli
