/* Bicubic resizing of 8-bit samples, to the very numbers of Pillow's `Image.resize(size, BICUBIC, box)`.

   Pillow (MIT-CMU license: LICENSE-Pillow.txt) computes in whole numbers, in two passes, and rounds to 8 bits between them
   (its src/libImaging/Resample.c, whose filter, weights and rounding are those of this file). So does this, with eight
   numbers at a time: sums of whole numbers are the same in whichever order they are added. Rows that the first pass makes
   are kept only as long as the second needs them.

   The build compiles this file once for each instruction set, each time under another name (LP_RESIZE). */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pixels.h"

#define LANES 8            /* numbers in a vector: two pixels of four channels, or eight of one */
#define PRECISION 22       /* bits of a weight behind the point, as in Pillow: 32 - 8 - 2 */
#define HALF (1 << (PRECISION - 1))
#define AT_ONCE 32         /* samples of a row in the vertical pass */

typedef int32_t v8i __attribute__((vector_size(32)));
typedef uint8_t v8b __attribute__((vector_size(8)));

/* For each sample of the result: which samples of the source it is made of, and how much of each. */
typedef struct {
    int most;      /* the most that any needs */
    int *first;
    int *count;
    int32_t *weights;
} taps;

static double bicubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static int32_t in_bits(double weight) {
    return (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION));
}

static void free_taps(taps *t) {
    free(t->first);
    free(t->count);
    free(t->weights);
}

/* The taps that make `out` samples of the window [from, to] of `in`; 0 if there is no memory for them. */
static int make_taps(taps *t, int in, float from, float to, int out) {
    const double scale = (double)(to - from) / out, spread = scale < 1.0 ? 1.0 : scale, support = 2.0 * spread;
    t->most = (int)ceil(support) * 2 + 1;
    t->first = malloc((size_t)out * sizeof *t->first);
    t->count = malloc((size_t)out * sizeof *t->count);
    t->weights = calloc((size_t)out * (size_t)t->most, sizeof *t->weights);
    double *exact = malloc((size_t)t->most * sizeof *exact);
    int ok = t->first && t->count && t->weights && exact;
    for (int i = 0; ok && i < out; i++) {
        const double center = from + (i + 0.5) * scale, per_sample = 1.0 / spread;
        double sum = 0.0;
        int low = (int)(center - support + 0.5), high = (int)(center + support + 0.5);
        if (low < 0) low = 0;
        if (high > in) high = in;
        const int count = high - low;
        for (int k = 0; k < count; k++) sum += exact[k] = bicubic((k + low - center + 0.5) * per_sample);
        int32_t *weights = t->weights + (size_t)i * (size_t)t->most;
        for (int k = 0; k < count; k++) weights[k] = in_bits(sum != 0.0 ? exact[k] / sum : exact[k]);
        t->first[i] = low;
        t->count[i] = count;
    }
    free(exact);
    return ok;
}

static inline v8i wide(const uint8_t *from) {
    v8b bytes;
    memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, v8i);
}

static inline void put(uint8_t *to, v8i sums) {
    sums >>= PRECISION;
    sums &= ~(sums < 0);                      /* below 0: 0 */
    const v8i above = sums > 255;
    sums = (sums & ~above) | (above & 255);
    const v8b bytes = __builtin_convertvector(sums, v8b);
    memcpy(to, &bytes, sizeof bytes);
}

/* The horizontal pass, over LANES / channels rows at once, whose samples lie beside each other. */
static void across(const uint8_t *restrict from, const taps *t, int out, uint8_t *restrict to) {
    for (int i = 0; i < out; i++) {
        const int32_t *weights = t->weights + (size_t)i * (size_t)t->most;
        const uint8_t *samples = from + (size_t)t->first[i] * LANES;
        const int count = t->count[i];
        v8i even = {HALF, HALF, HALF, HALF, HALF, HALF, HALF, HALF}, odd = {0};
        int k = 0;
        for (; k + 1 < count; k += 2) {
            even += wide(samples + (size_t)k * LANES) * weights[k];
            odd += wide(samples + (size_t)k * LANES + LANES) * weights[k + 1];
        }
        if (k < count) even += wide(samples + (size_t)k * LANES) * weights[k];
        put(to + (size_t)i * LANES, even + odd);
    }
}

/* Lay rows beside each other: of four channels two pixels, of one channel eight. `rows` has fewer at the bottom. */
static void interleave(const uint8_t *const rows[], int width, int channels, uint8_t *restrict to) {
    if (channels == 4) {
        for (int x = 0; x < width; x++) {
            memcpy(to + (size_t)x * LANES, rows[0] + (size_t)x * 4, 4);
            memcpy(to + (size_t)x * LANES + 4, rows[1] + (size_t)x * 4, 4);
        }
        return;
    }
    for (int x = 0; x < width; x++)
        for (int r = 0; r < LANES; r++) to[(size_t)x * LANES + (size_t)r] = rows[r][x];
}

static void separate(const uint8_t *restrict from, int width, int channels, uint8_t *const rows[]) {
    if (channels == 4) {
        for (int x = 0; x < width; x++) {
            memcpy(rows[0] + (size_t)x * 4, from + (size_t)x * LANES, 4);
            memcpy(rows[1] + (size_t)x * 4, from + (size_t)x * LANES + 4, 4);
        }
        return;
    }
    for (int r = 0; r < LANES; r++)
        for (int x = 0; x < width; x++) rows[r][x] = from[(size_t)x * LANES + (size_t)r];
}

/* The vertical pass: one row of `length` samples of `count` rows. */
static void down(const uint8_t *const rows[], const int32_t *weights, int count, size_t length, uint8_t *restrict to) {
    size_t x = 0;
    for (; x + AT_ONCE <= length; x += AT_ONCE) {
        v8i sums[AT_ONCE / LANES];
        for (size_t j = 0; j < AT_ONCE / LANES; j++) sums[j] = (v8i){HALF, HALF, HALF, HALF, HALF, HALF, HALF, HALF};
        for (int k = 0; k < count; k++)
            for (size_t j = 0; j < AT_ONCE / LANES; j++) sums[j] += wide(rows[k] + x + j * LANES) * weights[k];
        for (size_t j = 0; j < AT_ONCE / LANES; j++) put(to + x + j * LANES, sums[j]);
    }
    for (; x < length; x++) {
        int32_t sum = HALF;
        for (int k = 0; k < count; k++) sum += rows[k][x] * weights[k];
        sum >>= PRECISION;
        to[x] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

/* What the passes work in.
   ring: rows that one pass has made for the other. Row y is at y % kept. */
typedef struct {
    taps horizontal, vertical;
    size_t row; /* bytes */
    int kept;
    uint8_t *ring, *beside, *made;
    const uint8_t **rows;
} workshop;

static void leave(workshop *w) {
    free_taps(&w->horizontal);
    free_taps(&w->vertical);
    free(w->ring);
    free(w->beside);
    free(w->made);
    free(w->rows);
}

static int enter(workshop *w, const lp_plane *from, const float window[4], const lp_plane *to, int width, int kept) {
    memset(w, 0, sizeof *w);
    if (!make_taps(&w->horizontal, from->width, window[0], window[2], to->width)) return 0;
    if (!make_taps(&w->vertical, from->height, window[1], window[3], to->height)) return 0;
    w->row = (size_t)width * (size_t)from->channels;
    w->kept = kept + w->vertical.most;
    w->ring = malloc((size_t)w->kept * w->row);
    w->beside = malloc((size_t)from->width * LANES);
    w->made = malloc((size_t)to->width * LANES);
    w->rows = malloc((size_t)w->vertical.most * sizeof *w->rows);
    return w->ring && w->beside && w->made && w->rows;
}

static uint8_t *in_ring(const workshop *w, int y) {
    return w->ring + (size_t)(y % w->kept) * w->row;
}

static void make_across(workshop *w, const uint8_t *const sources[], const lp_plane *from, const lp_plane *to,
                        uint8_t *const results[]) {
    interleave(sources, from->width, from->channels, w->beside);
    across(w->beside, &w->horizontal, to->width, w->made);
    separate(w->made, to->width, from->channels, results);
}

static void make_down(workshop *w, int y, size_t length, uint8_t *to) {
    down(w->rows, w->vertical.weights + (size_t)y * (size_t)w->vertical.most, w->vertical.count[y], length, to);
}

static void across_first(workshop *w, const lp_plane *from, const lp_plane *to) {
    const int at_once = LANES / from->channels;
    int done = w->vertical.first[0];
    for (int y = 0; y < to->height; y++) {
        const int first = w->vertical.first[y], count = w->vertical.count[y];
        for (; done < first + count; done += at_once) {
            const uint8_t *sources[LANES];
            uint8_t *results[LANES];
            for (int r = 0; r < at_once; r++) { /* a row past the end is made of the last, and not used */
                const int row = done + r < from->height ? done + r : from->height - 1;
                sources[r] = from->samples + (size_t)row * from->stride;
                results[r] = in_ring(w, done + r);
            }
            make_across(w, sources, from, to, results);
        }
        for (int k = 0; k < count; k++) w->rows[k] = in_ring(w, first + k);
        make_down(w, y, w->row, to->samples + (size_t)y * to->stride);
    }
}

static void down_first(workshop *w, const lp_plane *from, const lp_plane *to) {
    const int at_once = LANES / from->channels;
    for (int y = 0; y < to->height; y += at_once) {
        const uint8_t *sources[LANES];
        uint8_t *results[LANES];
        for (int r = 0; r < at_once; r++) { /* as above, into the last row again */
            const int row = y + r < to->height ? y + r : to->height - 1;
            for (int k = 0; k < w->vertical.count[row]; k++)
                w->rows[k] = from->samples + (size_t)(w->vertical.first[row] + k) * from->stride;
            make_down(w, row, w->row, in_ring(w, y + r));
            sources[r] = in_ring(w, y + r);
            results[r] = to->samples + (size_t)row * to->stride;
        }
        make_across(w, sources, from, to, results);
    }
}

int LP_RESIZE(const lp_plane *from, const float window[4], const lp_plane *to) {
    const int shorter = from->height - to->height, narrower = from->width - to->width;
    const int is_across_first = !(shorter > 0 && shorter > narrower * 2); /* Pillow's rule */
    workshop w;
    const int ok = enter(&w, from, window, to, is_across_first ? to->width : from->width, LANES);
    if (ok) (is_across_first ? across_first : down_first)(&w, from, to);
    leave(&w);
    return ok ? LP_DONE : LP_NO_MEMORY;
}
