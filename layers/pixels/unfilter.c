/* Undoes the filters of PNG's rows, of 8-bit samples (https://www.w3.org/TR/png-3/#9Filters), into a plane.

   A pixel of three or four channels is computed at once: each needs the one before it, so there is nothing else to do at
   once. The sums are of whole numbers, so there is one right result.

   The build compiles this file once for each instruction set, each time under another name (LP_UNFILTER). */

#include <string.h>

#include "pixels.h"

typedef int16_t v4s __attribute__((vector_size(8)));
typedef uint8_t v4b __attribute__((vector_size(4)));

enum { NONE, SUB, UP, AVERAGE, PAETH, FILTERS };

#define INLINE static inline __attribute__((always_inline))

INLINE v4s pixel(const uint8_t *at, size_t channels) {
    v4b bytes = {0};
    memcpy(&bytes, at, channels);
    return __builtin_convertvector(bytes, v4s);
}

INLINE v4s chosen(v4s where, v4s one, v4s other) {
    return (where & one) | (~where & other);
}

/* Whichever of left, above and corner is nearest to left + above - corner; the first of those that are as near. By
   comparing once with each end, after Fabian Giesen: of three times the corner less both, what is not between the two
   tells which of them it is, and what is between them that it is neither. */
INLINE v4s nearest(v4s left, v4s above, v4s corner) {
    const v4s is_less = left < above, low = chosen(is_less, left, above), high = chosen(is_less, above, left);
    const v4s told = corner * 3 - above - left;
    return chosen(told <= low, high, chosen(high <= told, low, corner));
}

INLINE v4s predicted(int filter, v4s left, v4s above, v4s corner) {
    switch (filter) {
    case SUB: return left;
    case UP: return above;
    case AVERAGE: return (left + above) >> 1;
    case PAETH: return nearest(left, above, corner);
    default: return (v4s){0};
    }
}

/* One row. step: bytes from a pixel above to the next; 0 above the first row, where all are the same zeros. A plane has
   four samples a pixel, of which the last is 255 where the file has three. */
INLINE void row(int filter, const uint8_t *from, size_t channels, int width, const uint8_t *above, size_t step,
                uint8_t *restrict to) {
    const v4s opaque = {0, 0, 0, channels == 3 ? 255 : 0};
    v4s left = {0}, corner = {0};
    for (int x = 0; x < width; x++, from += channels, above += step, to += 4) {
        const v4s up = pixel(above, 4), filtered = pixel(from, x + 1 < width ? 4 : channels); /* four are read at once */
        left = (filtered + predicted(filter, left, up, corner)) & 255;
        corner = up;
        const v4b bytes = __builtin_convertvector(left | opaque, v4b);
        memcpy(to, &bytes, sizeof bytes);
    }
}

/* The same for one channel, where the one sample before is waited for either way. */
INLINE void gray_row(int filter, const uint8_t *from, int width, const uint8_t *above, size_t step, uint8_t *restrict to) {
    int left = 0, corner = 0;
    for (int x = 0; x < width; x++, above += step) {
        const int up = *above, across = left - corner, from_corner = up - corner;
        const int to_left = from_corner < 0 ? -from_corner : from_corner, to_above = across < 0 ? -across : across;
        const int both = from_corner + across, to_corner = both < 0 ? -both : both;
        int guess = 0;
        if (filter == SUB) guess = left;
        if (filter == UP) guess = up;
        if (filter == AVERAGE) guess = (left + up) >> 1;
        if (filter == PAETH) guess = to_left <= to_above && to_left <= to_corner ? left : to_above <= to_corner ? up : corner;
        left = (from[x] + guess) & 255;
        corner = up;
        to[x] = (uint8_t)left;
    }
}

#define ROW(filter)                                                                                                    \
    case filter:                                                                                                       \
        if (channels == 1) gray_row(filter, from, width, above, step, to);                                             \
        if (channels == 3) row(filter, from, 3, width, above, step, to);                                               \
        if (channels == 4) row(filter, from, 4, width, above, step, to);                                               \
        return

static void unfiltered(int filter, const uint8_t *from, int channels, int width, const uint8_t *above, size_t step,
                       uint8_t *to) {
    switch (filter) {
        ROW(NONE);
        ROW(SUB);
        ROW(UP);
        ROW(AVERAGE);
        ROW(PAETH);
    }
}

int LP_UNFILTER(const uint8_t *rows, int32_t count, int32_t channels, const lp_plane *to, int32_t first) {
    static const uint8_t nothing[4];
    for (int32_t y = first; y < first + count; y++) {
        uint8_t *here = to->samples + (size_t)y * to->stride;
        const uint8_t *above = y > 0 ? here - to->stride : nothing;
        if (*rows >= FILTERS) return LP_BAD_DATA;
        unfiltered(*rows, rows + 1, channels, to->width, above, y > 0 ? (size_t)to->channels : 0, here);
        rows += 1 + (size_t)to->width * (size_t)channels;
    }
    return LP_DONE;
}
