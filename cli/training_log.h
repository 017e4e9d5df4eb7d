#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/report/report.h"

namespace meg::cli {

/// `meg train --log`: a line of JSON per line of the history, in the file as soon as it is written; a resumed run goes
/// on below. "-" is standard output.
class TrainingLog {
 public:
  /// Writes nothing where `path` is empty. Throws Error where the file cannot be written.
  TrainingLog(const std::string& path, bool append);
  void write(const TrainingLine& line);

 private:
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

/// The lines of such a log. Seconds go on where a resumed run began anew. Throws Error, naming the line, where one is
/// no line of a log, and where the model with this `history` did not write them all.
std::vector<TrainingLine> read_training_log(const std::string& path, const std::vector<Progress>& history);

}  // namespace meg::cli
