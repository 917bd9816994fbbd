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

/* Whether a window is in so many samples, or beyond the last by no more than one of the result takes. */
static int is_inside(float from, float to, int32_t in, int32_t out) {
    return from >= 0 && from < to && from < (float)in && to <= (float)in + (to - from) / (float)out;
}

int lp_resize(const lp_plane *from, const float window[4], const lp_plane *to) {
    if (!is_sound(from) || !is_sound(to) || from->channels != to->channels) return LP_BAD_ARGUMENTS;
    if (!is_inside(window[0], window[2], from->width, to->width)) return LP_BAD_ARGUMENTS;
    if (!is_inside(window[1], window[3], from->height, to->height)) return LP_BAD_ARGUMENTS;
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

static int are_alike(const lp_plane planes[3], const lp_plane *rgb) {
    if (!planes || !is_sound(rgb) || rgb->channels != 4 || rgb->stride % 4 != 0) return 0;
    for (int i = 0; i < 3; i++) {
        if (!is_sound(&planes[i]) || planes[i].channels != 1) return 0;
        if (planes[i].width != rgb->width || planes[i].height != rgb->height) return 0;
    }
    return 1;
}

int lp_to_rgb(const lp_plane planes[3], const lp_plane *rgb) {
    if (!are_alike(planes, rgb)) return LP_BAD_ARGUMENTS;
#ifdef HAS_CHOICE
    if (has_v3()) return lp_to_rgb_avx2(planes, rgb), LP_DONE;
#endif
    return lp_to_rgb_baseline(planes, rgb), LP_DONE;
}

int lp_from_rgb(const lp_plane *rgb, const lp_plane planes[3]) {
    if (!are_alike(planes, rgb)) return LP_BAD_ARGUMENTS;
#ifdef HAS_CHOICE
    if (has_v3()) return lp_from_rgb_avx2(rgb, planes), LP_DONE;
#endif
    return lp_from_rgb_baseline(rgb, planes), LP_DONE;
}
