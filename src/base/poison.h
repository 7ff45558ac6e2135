/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that nobody may touch for now, told to AddressSanitizer; nothing in other builds. Whoever
 * poisons memory unpoisons it before it is freed. */
#ifndef COP_BASE_POISON_H
#define COP_BASE_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define COP__HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COP__HAS_POISON 1
#endif
#endif

#ifdef COP__HAS_POISON
#include <sanitizer/asan_interface.h>
#define COP_POISON(memory, size)   ASAN_POISON_MEMORY_REGION(memory, size)
#define COP_UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define COP_POISON(memory, size)   ((void)(memory), (void)(size))
#define COP_UNPOISON(memory, size) ((void)(memory), (void)(size))
#endif

#endif
