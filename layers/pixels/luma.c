/* Colors are converted at the resolution of blue and red, a quarter of the pixels. This takes luma along. */

#include "pixels.h"

static uint8_t within(int sample) {
    return (uint8_t)(sample < 0 ? 0 : sample > 255 ? 255 : sample);
}

int lp_shift_luma(const lp_plane *luma, const uint8_t curve[256], const lp_plane *before, const lp_plane *after) {
    const lp_plane planes[3] = {luma ? *luma : (lp_plane){0}, before ? *before : (lp_plane){0}, after ? *after : (lp_plane){0}};
    if (!curve || !are_halved(planes)) return LP_BAD_ARGUMENTS;
    const int32_t width = luma->width;
    for (int32_t y = 0; y < luma->height; y++) {
        uint8_t *row = luma->samples + (size_t)y * luma->stride;
        const uint8_t *was = before->samples + (size_t)(y / 2) * before->stride;
        const uint8_t *is = after->samples + (size_t)(y / 2) * after->stride;
        for (int32_t x = 0; x < width; x += 2) {
            const int further = is[x / 2] - curve[was[x / 2]];
            row[x] = within(curve[row[x]] + further);
            if (x + 1 < width) row[x + 1] = within(curve[row[x + 1]] + further);
        }
    }
    return LP_DONE;
}
