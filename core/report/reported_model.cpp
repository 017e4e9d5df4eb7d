#include <cmath>

#include "core/report/report.h"

namespace meg {

ReportedModel reported_model(const Meg& model) {
  ReportedModel out;
  out.facts = {.preset = model.options().preset,
               .effort = model.options().meg.effort,
               .finished = model.finished(),
               .refined = model.refined(),
               .refinement_tried = false,
               .held_out_auc = {}};
  out.epochs = model.epochs_done();
  out.batch_size = model.batch_size();
  for (const Progress& progress : model.history()) {
    out.training.push_back({.progress = progress});
    out.facts.refinement_tried |= progress.phase == Progress::Phase::kRefinement;
    if (!std::isnan(progress.held_out_auc)) out.facts.held_out_auc = progress.held_out_auc;
  }
  return out;
}

}  // namespace meg
