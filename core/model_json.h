#pragma once
#include <string>

#include "meg/meg.h"

namespace meg {

/// A line of a training's history as a JSON object, of the keys that `meg train --log` writes; what is NaN is not
/// there.
std::string progress_to_json(const Progress& progress);

/// What an imputation did, as a JSON object of the members of Imputed.
std::string imputed_to_json(const Imputed& imputed);

/// What is in a model, as a JSON object: preset, columns, noise, options {...}, epochs, batch_size, finished, refined,
/// any_order, order [name], rules [text], notes [sentence], history [a line each], schema [...].
std::string model_to_json(const Meg& model);

}  // namespace meg
