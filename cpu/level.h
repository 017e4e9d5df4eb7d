#pragma once

/// The operations are compiled once for every level of the processor (CMakeLists.txt), each in a namespace of this
/// name.
#ifndef MEG_LEVEL
#define MEG_LEVEL here
#endif
