#pragma once
#include <string>

#include "meg/arrow.h"
#include "meg/table.h"

namespace meg {

/// Takes the array, whose memory it keeps where the values lie there as meg holds them; else they are converted. In
/// both cases array.release is null afterwards. Checks all that reading the values relies on, but the buffers' sizes,
/// which the C data interface does not tell: offsets never fall, places lie in the dictionary, texts are UTF-8. Throws
/// Error, naming the column, where that is not so, for a type that meg does not take, and for a value that its own type
/// does not hold.
Array import_array(const ArrowSchema& schema, ArrowArray& array, const std::string& column);

}  // namespace meg
