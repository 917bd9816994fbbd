/* Chooses the instruction set once the processor is known. arm64 always has NEON, so there is nothing to choose. */

#include "pixels.h"

#if defined(__x86_64__) && !defined(LP_NO_AVX2)
#define HAS_CHOICE
#include <cpuid.h>

/* Whether the processor has what x86-64-v3 stands for, and the system saves its registers. */
static int has_v3(void) {
    const unsigned of_1 = bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C, of_7 = bit_AVX2 | bit_BMI | bit_BMI2;
    const unsigned of_80000001 = bit_LZCNT;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & of_1) != of_1) return 0;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    if ((a & 6) != 6) return 0; /* the registers of SSE and AVX */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & of_7) != of_7) return 0;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & of_80000001) == of_80000001;
}
#endif

int lp_resize(const lp_plane *from, const float window[4], const lp_plane *to) {
    if (!is_sound(from) || !is_sound(to) || from->channels != to->channels) return LP_BAD_ARGUMENTS;
    if (!(window[0] >= 0 && window[0] < window[2] && window[2] <= (float)from->width)) return LP_BAD_ARGUMENTS;
    if (!(window[1] >= 0 && window[1] < window[3] && window[3] <= (float)from->height)) return LP_BAD_ARGUMENTS;
#ifdef HAS_CHOICE
    if (has_v3()) return lp_resize_avx2(from, window, to);
#endif
    return lp_resize_baseline(from, window, to);
}

int lp_unfilter(const uint8_t *rows, int32_t count, int32_t channels, const lp_plane *to, int32_t first) {
    if (!rows || !is_sound(to) || (channels != 1 && channels != 3 && channels != 4)) return LP_BAD_ARGUMENTS;
    if (to->channels != (channels == 1 ? 1 : 4)) return LP_BAD_ARGUMENTS;
    if (count < 0 || first < 0 || first > to->height || count > to->height - first) return LP_BAD_ARGUMENTS;
#ifdef HAS_CHOICE
    if (has_v3()) return lp_unfilter_sse4(rows, count, channels, to, first); /* vectors are no longer than that */
#endif
    return lp_unfilter_baseline(rows, count, channels, to, first);
}
