/* Undoes the filters of PNG's rows, of 8-bit samples (https://www.w3.org/TR/png-3/#9Filters), into a plane.

   A pixel of three or four channels is computed at once, and one of the next row with it. The sums are of whole numbers,
   so there is one right result.

   The build compiles this file once for each instruction set, each time under another name (LP_UNFILTER). */

#include <string.h>

#include "pixels.h"

typedef int16_t v8s __attribute__((vector_size(16))); /* two pixels */
typedef uint8_t v8b __attribute__((vector_size(8)));

enum { NONE, SUB, UP, AVERAGE, PAETH, FILTERS };

#define INLINE static inline __attribute__((always_inline))

/* The pixels at two places, or at one and none, or the other way round. */
INLINE v8s pixels(const uint8_t *one, const uint8_t *other, size_t channels) {
    uint8_t both[8] = {0};
    if (one) memcpy(both, one, channels);
    if (other) memcpy(both + 4, other, channels);
    v8b bytes;
    memcpy(&bytes, both, sizeof bytes);
    return __builtin_convertvector(bytes, v8s);
}

/* Write them as a plane has them: of four samples, of which the last is 255 where the file has three. */
INLINE void put(uint8_t *one, uint8_t *other, size_t channels, v8s both) {
    const int16_t full = channels == 3 ? 255 : 0;
    const v8b bytes = __builtin_convertvector(both | (v8s){0, 0, 0, full, 0, 0, 0, full}, v8b);
    if (one) memcpy(one, &bytes, 4);
    if (other) memcpy(other, (const uint8_t *)&bytes + 4, 4);
}

INLINE v8s chosen(v8s where, v8s one, v8s other) {
    return (where & one) | (~where & other);
}

/* Whichever of left, above and corner is nearest to left + above - corner; the first of those that are as near. By
   comparing once with each end, after Fabian Giesen: of three times the corner less both, what is not between the two
   tells which of them it is, and what is between them that it is neither. */
INLINE v8s nearest(v8s left, v8s above, v8s corner) {
    const v8s is_less = left < above, low = chosen(is_less, left, above), high = chosen(is_less, above, left);
    const v8s told = corner * 3 - above - left;
    return chosen(told <= low, high, chosen(high <= told, low, corner));
}

INLINE v8s undone(int filter, v8s filtered, v8s left, v8s above, v8s corner) {
    switch (filter) {
    case SUB: return (filtered + left) & 255;
    case UP: return (filtered + above) & 255;
    case AVERAGE: return (filtered + ((left + above) >> 1)) & 255;
    case PAETH: return (filtered + nearest(left, above, corner)) & 255;
    default: return filtered;
    }
}

/* One row. step: bytes from a pixel above to the next; 0 above the first row, where all are the same zeros. */
INLINE void row(int filter, const uint8_t *from, size_t channels, int width, const uint8_t *above, size_t step,
                uint8_t *restrict to) {
    v8s left = {0}, corner = {0};
    for (int x = 0; x < width; x++, from += channels, above += step, to += 4) {
        const v8s up = pixels(above, NULL, 4);
        const v8s filtered = pixels(from, NULL, x + 1 < width ? 4 : channels); /* four are read at once */
        left = undone(filter, filtered, left, up, corner);
        corner = up;
        put(to, NULL, channels, left);
    }
}

/* Two rows with the same filter, of which the second is one pixel behind: what is above it was computed just before. A
   pixel waits for the one before it, so two rows at once take little longer than one. */
INLINE void two_rows(int filter, const uint8_t *from, size_t channels, int width, const uint8_t *above, size_t step,
                     uint8_t *restrict to, size_t stride) {
    const uint8_t *behind = from + (size_t)width * channels + 1;
    uint8_t *restrict below = to + stride;
    v8s corner = pixels(above, NULL, 4), left = undone(filter, pixels(from, NULL, 4), (v8s){0}, corner, (v8s){0});
    put(to, NULL, channels, left);
    for (int x = 1; x < width; x++, behind += channels, below += 4) {
        from += channels, above += step, to += 4;
        const v8s up = __builtin_shufflevector(pixels(above, NULL, 4), left, 0, 1, 2, 3, 8, 9, 10, 11);
        left = undone(filter, pixels(from, behind, 4), left, up, corner);
        corner = up;
        put(to, below, channels, left);
    }
    const v8s up = __builtin_shufflevector(left, left, 0, 1, 2, 3, 0, 1, 2, 3);
    put(NULL, below, channels, undone(filter, pixels(NULL, behind, channels), left, up, corner));
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

#define ROWS(filter)                                                                                                   \
    case filter:                                                                                                       \
        if (channels == 1) gray_row(filter, from, width, above, step, to);                                             \
        if (channels == 3 && !are_two) row(filter, from, 3, width, above, step, to);                                   \
        if (channels == 4 && !are_two) row(filter, from, 4, width, above, step, to);                                   \
        if (channels == 3 && are_two) two_rows(filter, from, 3, width, above, step, to, stride);                       \
        if (channels == 4 && are_two) two_rows(filter, from, 4, width, above, step, to, stride);                       \
        return

static void unfiltered(int filter, int are_two, const uint8_t *from, int channels, int width, const uint8_t *above,
                       size_t step, uint8_t *to, size_t stride) {
    switch (filter) {
        ROWS(NONE);
        ROWS(SUB);
        ROWS(UP);
        ROWS(AVERAGE);
        ROWS(PAETH);
    }
}

int LP_UNFILTER(const uint8_t *rows, int32_t count, int32_t channels, const lp_plane *to, int32_t first) {
    static const uint8_t nothing[4];
    const size_t length = 1 + (size_t)to->width * (size_t)channels;
    for (int32_t y = first, done; y < first + count; y += done, rows += (size_t)done * length) {
        uint8_t *here = to->samples + (size_t)y * to->stride;
        const uint8_t *above = y > 0 ? here - to->stride : nothing;
        if (*rows >= FILTERS) return LP_BAD_DATA;
        done = channels > 1 && y + 1 < first + count && rows[length] == *rows ? 2 : 1;
        unfiltered(*rows, done == 2, rows + 1, channels, to->width, above, y > 0 ? (size_t)to->channels : 0, here, to->stride);
    }
    return LP_DONE;
}
