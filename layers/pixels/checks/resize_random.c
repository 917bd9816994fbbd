/* Resizes random planes under AddressSanitizer and UBSan, and compares each sample with the sum that defines it, written down
   a second time without vectors, rings or bands of rows. Built and run by `make native-sanitize`; no part of the library.

   resize_random CASES SEED: exits with 1 at the first sample that differs. The sanitizers end it where memory is left. */

#include <math.h>

#include "../pixels.h"
#include "random.h"

/* Sides are mostly small, so that many cases fit into a minute, and sometimes extreme. */
static int random_side(void) {
    const uint32_t kind = random_below(20);
    return 1 + (int)random_below(kind == 0 ? 3000 : kind < 5 ? 3 : 90);
}

/* A plane with memory for its rows and not one byte more: the sanitizer sees what is read or written beside it. */
static lp_plane plane(int width, int height, int channels) {
    const size_t used = (size_t)width * (size_t)channels, gap = random_below(2) ? 0 : random_below(40);
    lp_plane made = {NULL, used + gap, width, height, channels};
    made.samples = malloc(made.stride * ((size_t)height - 1) + used);
    if (!made.samples) abort();
    for (size_t i = 0; i < made.stride * ((size_t)height - 1) + used; i++) made.samples[i] = (uint8_t)random_below(256);
    return made;
}

static double bicubic(double x) {
    x = fabs(x);
    if (x < 1.0) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0.0;
}

/* Sample `i` of `out` of a line of `in` samples, `step` bytes apart, of the window [from, to]. */
static uint8_t sample(const uint8_t *line, size_t step, int in, float from, float to, int out, int i) {
    const double scale = (double)(to - from) / out, spread = scale < 1.0 ? 1.0 : scale, support = 2.0 * spread;
    const double center = from + (i + 0.5) * scale, per_sample = 1.0 / spread;
    int low = (int)(center - support + 0.5), high = (int)(center + support + 0.5);
    if (low < 0) low = 0;
    if (high > in) high = in;
    double sum = 0.0;
    for (int k = low; k < high; k++) sum += bicubic((k - low + low - center + 0.5) * per_sample);
    int64_t total = 1 << 21;
    for (int k = low; k < high; k++) {
        double weight = bicubic((k - low + low - center + 0.5) * per_sample);
        if (sum != 0.0) weight /= sum;
        total += line[(size_t)k * step] * (int64_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << 22));
    }
    total >>= 22;
    return (uint8_t)(total < 0 ? 0 : total > 255 ? 255 : total);
}

/* All lines of one direction. across: along rows, else along columns. */
static lp_plane pass(const lp_plane *from, int across, const float window[4], int out) {
    lp_plane made = plane(across ? out : from->width, across ? from->height : out, from->channels);
    for (int y = 0; y < made.height; y++)
        for (int x = 0; x < made.width; x++)
            for (int c = 0; c < made.channels; c++) {
                const size_t channels = (size_t)made.channels, at = (size_t)x * channels + (size_t)c;
                const uint8_t *line = from->samples + (across ? (size_t)y * from->stride + (size_t)c : at);
                made.samples[(size_t)y * made.stride + at] =
                    across ? sample(line, channels, from->width, window[0], window[2], out, x)
                           : sample(line, from->stride, from->height, window[1], window[3], out, y);
            }
    return made;
}

static int differs(const lp_plane *one, const lp_plane *other) {
    for (int y = 0; y < one->height; y++)
        for (int x = 0; x < one->width * one->channels; x++)
            if (one->samples[(size_t)y * one->stride + (size_t)x] != other->samples[(size_t)y * other->stride + (size_t)x])
                return 1;
    return 0;
}

static int is_right(void) {
    const int channels = random_below(2) ? 1 : 4;
    lp_plane from = plane(random_side(), random_side(), channels), to = plane(random_side(), random_side(), channels);
    float window[4] = {0, 0, (float)from.width, (float)from.height};
    if (random_below(2)) { /* a part of it, not of whole pixels */
        window[0] = (float)random_below((uint32_t)from.width * 4) / 4;
        window[1] = (float)random_below((uint32_t)from.height * 4) / 4;
        window[2] -= (float)random_below((uint32_t)((window[2] - window[0]) * 4)) / 4;
        window[3] -= (float)random_below((uint32_t)((window[3] - window[1]) * 4)) / 4;
    } else if (random_below(2)) { /* beyond the end, by less than a sample of the result */
        window[2] += window[2] / (float)to.width * (float)random_below(16) / 16;
        window[3] += window[3] / (float)to.height * (float)random_below(16) / 16;
    }
    const int shorter = from.height - to.height, narrower = from.width - to.width;
    const int across_first = !(shorter > 0 && shorter > narrower * 2);
    const int status = lp_resize(&from, window, &to);
    lp_plane first = pass(&from, across_first, window, across_first ? to.width : to.height);
    lp_plane second = pass(&first, !across_first, window, across_first ? to.height : to.width);
    const int right = status == LP_DONE && !differs(&to, &second);
    if (!right)
        fprintf(stderr, "%d x %d, %d channels, window %g %g %g %g, to %d x %d: status %d\n", from.width, from.height,
                channels, window[0], window[1], window[2], window[3], to.width, to.height, status);
    free(from.samples);
    free(to.samples);
    free(first.samples);
    free(second.samples);
    return right;
}

int main(int count, char **arguments) {
    return run(count, arguments, is_right, "planes resized within their memory, each sample as it must be");
}
