/* Rows become columns, eight by eight: a block is eight words, whose bytes change places by shifts and masks. */

#include <string.h>

#include "pixels.h"

#define SIDE 8

static inline void swap(uint64_t *one, uint64_t *other, int shift, uint64_t mask) {
    const uint64_t differs = ((*one >> shift) ^ *other) & mask;
    *other ^= differs;
    *one ^= differs << shift;
}

/* words[r] has the bytes of row r, the first in its lowest bits, as both processors read it; afterwards, words[c] has those of
   column c. */
static inline void transpose_block(uint64_t words[SIDE]) {
    for (int r = 0; r < 4; r++) swap(&words[r], &words[r + 4], 32, 0x00000000FFFFFFFFu);
    for (int r = 0; r < 8; r += r % 2 ? 3 : 1) swap(&words[r], &words[r + 2], 16, 0x0000FFFF0000FFFFu);
    for (int r = 0; r < 8; r += 2) swap(&words[r], &words[r + 1], 8, 0x00FF00FF00FF00FFu);
}

static inline const uint8_t *row_of(const lp_plane *from, int32_t y, int from_below) {
    return from->samples + (size_t)(from_below ? from->height - 1 - y : y) * from->stride;
}

static inline uint8_t *made_row(const lp_plane *to, int32_t y, int from_below) {
    return to->samples + (size_t)(from_below ? to->height - 1 - y : y) * to->stride;
}

int lp_transpose(const lp_plane *from, const lp_plane *to, int32_t mirrored, int32_t upside_down) {
    if (!is_sound(from) || !is_sound(to) || from->channels != 1 || to->channels != 1) return LP_BAD_ARGUMENTS;
    if (from->width != to->height || from->height != to->width) return LP_BAD_ARGUMENTS;
    const int32_t across = from->width - from->width % SIDE, down = from->height - from->height % SIDE;
    for (int32_t y = 0; y < down; y += SIDE)
        for (int32_t x = 0; x < across; x += SIDE) {
            uint64_t words[SIDE];
            for (int r = 0; r < SIDE; r++) memcpy(&words[r], row_of(from, y + r, mirrored) + x, SIDE);
            transpose_block(words);
            for (int c = 0; c < SIDE; c++) memcpy(made_row(to, x + c, upside_down) + y, &words[c], SIDE);
        }
    for (int32_t y = 0; y < from->height; y++) /* what is left over on the right and below */
        for (int32_t x = y < down ? across : 0; x < from->width; x++)
            made_row(to, x, upside_down)[y] = row_of(from, y, mirrored)[x];
    return LP_DONE;
}
