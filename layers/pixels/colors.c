/* Between planes and RGB, as in a JPEG (JFIF, full range), rounded to the nearest: Pillow rounds down, which makes a picture
   darker that goes there and back.

   The build compiles this file once for each instruction set, each time under other names (LP_TO_RGB, LP_FROM_RGB). */

#include "pixels.h"

#define BITS 16 /* behind the point */
#define HALF (1 << (BITS - 1))
#define IN_BITS(number) ((int32_t)((number) * (1 << BITS) + 0.5))

static inline int32_t within(int32_t sample) {
    return sample < 0 ? 0 : sample > 255 ? 255 : sample;
}

void LP_TO_RGB(const lp_plane planes[3], const lp_plane *rgb) {
    const int32_t width = rgb->width;
    for (int32_t y = 0; y < rgb->height; y++) {
        const uint8_t *restrict lumas = planes[0].samples + (size_t)y * planes[0].stride;
        const uint8_t *restrict blues = planes[1].samples + (size_t)y * planes[1].stride;
        const uint8_t *restrict reds = planes[2].samples + (size_t)y * planes[2].stride;
        uint32_t *restrict pixels = (uint32_t *)(void *)(rgb->samples + (size_t)y * rgb->stride);
        for (int32_t x = 0; x < width; x++) {
            const int32_t luma = lumas[x] * (1 << BITS) + HALF, blue = blues[x] - 128, red = reds[x] - 128;
            const int32_t r = within((luma + IN_BITS(1.402) * red) >> BITS);
            const int32_t g = within((luma - IN_BITS(0.344136) * blue - IN_BITS(0.714136) * red) >> BITS);
            const int32_t b = within((luma + IN_BITS(1.772) * blue) >> BITS);
            pixels[x] = (uint32_t)r | (uint32_t)g << 8 | (uint32_t)b << 16 | 255u << 24;
        }
    }
}

void LP_FROM_RGB(const lp_plane *rgb, const lp_plane planes[3]) {
    const int32_t width = rgb->width;
    for (int32_t y = 0; y < rgb->height; y++) {
        uint8_t *restrict lumas = planes[0].samples + (size_t)y * planes[0].stride;
        uint8_t *restrict blues = planes[1].samples + (size_t)y * planes[1].stride;
        uint8_t *restrict reds = planes[2].samples + (size_t)y * planes[2].stride;
        const uint32_t *restrict pixels = (const uint32_t *)(const void *)(rgb->samples + (size_t)y * rgb->stride);
        for (int32_t x = 0; x < width; x++) {
            const int32_t r = pixels[x] & 255, g = pixels[x] >> 8 & 255, b = pixels[x] >> 16 & 255;
            /* what is halfway for a color is gray: 128 and not one more */
            const int32_t center = 128 * (1 << BITS) + HALF - 1;
            lumas[x] = (uint8_t)((IN_BITS(0.299) * r + IN_BITS(0.587) * g + IN_BITS(0.114) * b + HALF) >> BITS);
            blues[x] = (uint8_t)((center - IN_BITS(0.168736) * r - IN_BITS(0.331264) * g + IN_BITS(0.5) * b) >> BITS);
            reds[x] = (uint8_t)((center + IN_BITS(0.5) * r - IN_BITS(0.418688) * g - IN_BITS(0.081312) * b) >> BITS);
        }
    }
}
