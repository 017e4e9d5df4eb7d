#pragma once

// AddressSanitizer, of which GCC tells by a macro and Clang by a feature.
#if defined(__SANITIZE_ADDRESS__)
#define MEG_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEG_ADDRESS_SANITIZER
#endif
#endif
