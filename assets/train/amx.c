// Attention of a training step on a processor with AMX: forward and backward, one head after the other,
// the scores in a buffer that the cache holds. Built and called by amx.py; the whole is plain C.
//
// q [N, R, d]; k, v [N, C, d]; d = 32 or 64; all bfloat16. Row i sees the columns j < prefix and those with
// start[i] <= j < end[i], at least one. Scores are float32 and so are all sums; weights and the gradient of
// scores are bfloat16 where they are multiplied again. Columns go in blocks of 32, rows in tiles of 16:
// blocks that no row of a tile sees are left out.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef uint16_t bf16;
enum { T = 16, B = 32, TILE = 256 }; // a tile's side, a block's columns, 32-bit words of a tile

static int up(int n, int to) { return (n + to - 1) / to * to; }

// amx_allowed asks the kernel for the tiles' state; 0 is yes.
int amx_allowed(void) { return (int)syscall(SYS_arch_prctl, 0x1023, 18); }

static void configure(void) {
	struct {
		uint8_t palette, start, reserved[14];
		uint16_t bytes[16];
		uint8_t rows[16];
	} c = {.palette = 1};
	for (int i = 0; i < 8; i++) c.bytes[i] = 64, c.rows[i] = T;
	_tile_loadconfig(&c);
}

static bf16 rounded(float x) {
	uint32_t u;
	memcpy(&u, &x, 4);
	return (u + 0x7fff + (u >> 16 & 1)) >> 16;
}

static float wide(bf16 x) {
	uint32_t u = (uint32_t)x << 16;
	float f;
	memcpy(&f, &u, 4);
	return f;
}

// rows_of copies x [n, d] into [up(n, 32), d], zeros behind it: first factors are read from it as they lie.
static void rows_of(bf16 *to, const bf16 *x, int n, int d) {
	memcpy(to, x, 2 * (size_t)n * d);
	memset(to + (size_t)n * d, 0, 2 * (size_t)(up(n, B) - n) * d);
}

static __m512i paired(__m256i even, __m256i odd) {
	return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

// every is 0, step, 2 step …: where a column of 16 words lies.
static __m512i every(int step) {
	return _mm512_mullo_epi32(_mm512_set1_epi32(step), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

// across packs x [n, d], zeros behind it, as the second factor of · xᵀ: tile (column tile, 32 of d).
static void across(uint32_t *to, const bf16 *x, int n, int d) {
	const uint32_t *pairs = (const uint32_t *)x;
	for (int j = 0; j < up(n, B); j += T)
		for (int k = 0; k < d / 2; k++) {
			__mmask16 m = j + T <= n ? 0xffff : j < n ? (1 << (n - j)) - 1 : 0;
			__m512i column = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), m, every(d / 2), pairs + (size_t)j * d / 2 + k, 4);
			_mm512_storeu_si512(to + (j / T * (d / B) + k / T) * TILE + k % T * T, column);
		}
}

// along packs x [n, d] as the second factor of · x: tile (32 rows, 16 of d).
static void along(uint32_t *to, const bf16 *x, int n, int d) {
	for (int j = 0; j < up(n, B); j += 2)
		for (int k = 0; k < d; k += T) {
			__m256i even = _mm256_setzero_si256(), odd = even;
			if (j < n) even = _mm256_loadu_si256((const __m256i *)(x + (size_t)j * d + k));
			if (j + 1 < n) odd = _mm256_loadu_si256((const __m256i *)(x + (size_t)(j + 1) * d + k));
			_mm512_storeu_si512(to + (j / B * (d / T) + k / T) * TILE + j % B / 2 * T, paired(even, odd));
		}
}

// turned makes of such tiles xᵀ as a first factor.
static void turned(uint32_t *to, const uint32_t *along, int n, int d) {
	for (int t = 0; t < up(n, B) / B * (d / T); t++)
		for (int k = 0; k < T; k++)
			_mm512_storeu_si512(to + t * TILE + k * T, _mm512_i32gather_epi32(every(T), along + t * TILE + k, 4));
}

static __m512 exp2_of(__m512 x) {
	x = _mm512_max_ps(x, _mm512_set1_ps(-126));
	__m512 n = _mm512_roundscale_ps(x, 0), f = _mm512_sub_ps(x, n), p = _mm512_set1_ps(0.0013333558f);
	p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.0096181291f));
	p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.0555041087f));
	p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.2402265070f));
	p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.6931471806f));
	p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1));
	return _mm512_scalef_ps(p, n);
}

typedef struct {
	int rows, columns, d, prefix;
	const int32_t *start, *end;
} Shape;

// seen is which of the 16 columns from j row i sees.
static __mmask16 seen(const Shape *s, int i, int j) {
	if (i >= s->rows) return 0;
	if (j + T <= s->prefix || (j >= s->start[i] && j + T <= s->end[i])) return 0xffff;
	__m512i c = _mm512_add_epi32(_mm512_set1_epi32(j), every(1));
	__mmask16 near = _mm512_cmpge_epi32_mask(c, _mm512_set1_epi32(s->start[i])) & _mm512_cmplt_epi32_mask(c, _mm512_set1_epi32(s->end[i]));
	return near | _mm512_cmplt_epi32_mask(c, _mm512_set1_epi32(s->prefix));
}

// blocks lists the blocks of columns that a row of [from, from + n) sees → how many.
static int blocks(const Shape *s, int from, int n, int *list) {
	int lo = s->columns, hi = 0, count = 0;
	for (int i = from; i < from + n && i < s->rows; i++)
		if (s->start[i] < s->end[i]) {
			if (s->start[i] < lo) lo = s->start[i];
			if (s->end[i] > hi) hi = s->end[i];
		}
	for (int b = 0; b * B < s->columns; b++)
		if (b * B < s->prefix || (b * B < hi && b * B + B > lo)) list[count++] = b;
	return count;
}

// product writes the scores of 16 rows of a [., d] with the 16 columns of packed tiles.
static void product(float *to, int stride, const bf16 *a, const uint32_t *b, int d) {
	_tile_zero(0);
	_tile_loadd(1, a, d * 2);
	_tile_loadd(2, b, 64);
	_tile_dpbf16ps(0, 1, 2);
	if (d == 64) {
		_tile_loadd(3, a + B, d * 2);
		_tile_loadd(4, b + TILE, 64);
		_tile_dpbf16ps(0, 3, 4);
	}
	_tile_stored(0, to, stride * 4);
}

// weighted writes w · x for 16 rows of w (the listed blocks side by side) and x packed by along.
static void weighted(float *to, const bf16 *w, int stride, const uint32_t *x, const int *list, int count, int d) {
	for (int t = 0; t < d / T; t++) {
		_tile_zero(0);
		for (int b = 0; b < count; b++) {
			_tile_loadd(1, w + b * B, stride * 2);
			_tile_loadd(2, x + (list[b] * (d / T) + t) * TILE, 64);
			_tile_dpbf16ps(0, 1, 2);
		}
		_tile_stored(0, to + t * T, d * 4);
	}
}

static void *room(size_t bytes) { return aligned_alloc(64, (bytes + 127) / 64 * 64); }

// forward: out [N, R, d]; lse [N, R] is the logarithm to base 2 of each row's sum of 2^(score · scale · log2 e).
void forward(const bf16 *q, const bf16 *k, const bf16 *v, bf16 *out, float *lse, int heads, int rows, int columns,
             int d, int prefix, const int32_t *start, const int32_t *end) {
	Shape s = {rows, columns, d, prefix, start, end};
	int r = up(rows, B), c = up(columns, B), list[c / B];
	bf16 *a = room(2 * (size_t)r * d), *w = room(2 * (size_t)T * c);
	uint32_t *kt = room(2 * (size_t)c * d), *va = room(2 * (size_t)c * d);
	float *scores = room(4 * (size_t)T * c), *o = room(4 * (size_t)T * d), scale = 1.44269504f / sqrtf(d);
	configure();
	for (int h = 0; h < heads; h++) {
		rows_of(a, q + (size_t)h * rows * d, rows, d);
		across(kt, k + (size_t)h * columns * d, columns, d);
		along(va, v + (size_t)h * columns * d, columns, d);
		for (int i = 0; i < rows; i += T) {
			int count = blocks(&s, i, T, list);
			for (int b = 0; b < 2 * count; b++)
				product(scores + b * T, c, a + i * d, kt + (list[b / 2] * 2 + b % 2) * (d / B) * TILE, d);
			float inverse[T];
			for (int x = 0; x < T; x++) {
				float *row = scores + x * c;
				__m512 top = _mm512_set1_ps(-1e30f), sum = _mm512_setzero_ps();
				for (int b = 0; b < 2 * count; b++) {
					__mmask16 m = seen(&s, i + x, (list[b / 2] * 2 + b % 2) * T);
					__m512 z = _mm512_mask_mul_ps(_mm512_set1_ps(-1e30f), m, _mm512_loadu_ps(row + b * T), _mm512_set1_ps(scale));
					_mm512_storeu_ps(row + b * T, z);
					top = _mm512_max_ps(top, z);
				}
				float most = _mm512_reduce_max_ps(top);
				for (int b = 0; b < 2 * count; b++) {
					__m512 z = _mm512_loadu_ps(row + b * T);
					__m512 p = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(z, _mm512_set1_ps(-1e29f), _CMP_GT_OQ),
					                               exp2_of(_mm512_sub_ps(z, _mm512_set1_ps(most))));
					sum = _mm512_add_ps(sum, p);
					_mm256_storeu_si256((__m256i *)(w + x * c + b * T), (__m256i)_mm512_cvtneps_pbh(p));
				}
				float total = _mm512_reduce_add_ps(sum);
				inverse[x] = total > 0 ? 1 / total : 0;
				if (i + x < rows) lse[(size_t)h * rows + i + x] = most + log2f(total);
			}
			weighted(o, w, c, va, list, count, d);
			for (int x = 0; x < T && i + x < rows; x++)
				for (int y = 0; y < d; y++) out[((size_t)h * rows + i + x) * d + y] = rounded(o[x * d + y] * inverse[x]);
		}
	}
	_tile_release();
	free(a), free(w), free(kt), free(va), free(scores), free(o);
}

// gather adds a block of 32 rows to a sum of tiles [d/16][16][16 columns]: turned rows times packed weights.
static void gather(float *sum, const uint32_t *turned, const uint32_t *w, int d) {
	_tile_loadd(2, w, 64);
	for (int t = 0; t < d / T; t++) {
		_tile_loadd(0, sum + t * TILE, 64);
		_tile_loadd(1, turned + t * TILE, 64);
		_tile_dpbf16ps(0, 1, 2);
		_tile_stored(0, sum + t * TILE, 64);
	}
}

// back_rows turns such sums back into [n, d].
static void back_rows(bf16 *to, const float *sum, int n, int d) {
	for (int j = 0; j < n; j++)
		for (int k = 0; k < d; k += T) {
			__m512 row = _mm512_i32gather_ps(every(T), sum + (j / T * (d / T) + k / T) * TILE + j % T, 4);
			_mm256_storeu_si256((__m256i *)(to + (size_t)j * d + k), (__m256i)_mm512_cvtneps_pbh(row));
		}
}

// backward: g is the gradient of out; lse and out are forward's.
void backward(const bf16 *g, const bf16 *q, const bf16 *k, const bf16 *v, const bf16 *out, const float *lse, bf16 *dq,
              bf16 *dk, bf16 *dv, int heads, int rows, int columns, int d, int prefix, const int32_t *start,
              const int32_t *end) {
	Shape s = {rows, columns, d, prefix, start, end};
	int r = up(rows, B), c = up(columns, B), list[c / B];
	size_t by_row = 2 * (size_t)r * d, by_column = 2 * (size_t)c * d;
	bf16 *a = room(by_row), *ga = room(by_row), *w = room(2 * (size_t)B * c);
	uint32_t *kt = room(by_column), *vt = room(by_column), *ka = room(by_column);
	uint32_t *qt = room(by_row), *gt = room(by_row), *packed = room(by_row);
	float *sk = room(2 * by_column), *sv = room(2 * by_column), *delta = room(4 * (size_t)r), *o = room(4 * (size_t)T * d);
	float scale = 1 / sqrtf(d), score[B * T], dp[B * T];
	uint32_t pw[TILE] __attribute__((aligned(64))), dw[TILE] __attribute__((aligned(64)));
	configure();
	for (int h = 0; h < heads; h++) {
		size_t hr = (size_t)h * rows, hc = (size_t)h * columns;
		rows_of(a, q + hr * d, rows, d), rows_of(ga, g + hr * d, rows, d);
		along(packed, q + hr * d, rows, d), turned(qt, packed, rows, d);
		along(packed, g + hr * d, rows, d), turned(gt, packed, rows, d);
		across(kt, k + hc * d, columns, d), across(vt, v + hc * d, columns, d), along(ka, k + hc * d, columns, d);
		memset(sk, 0, 2 * by_column), memset(sv, 0, 2 * by_column);
		for (int i = 0; i < rows; i++) {
			delta[i] = 0;
			for (int y = 0; y < d; y++) delta[i] += wide(g[(hr + i) * d + y]) * wide(out[(hr + i) * d + y]);
		}
		for (int i = 0; i < rows; i += B) {
			int count = blocks(&s, i, B, list);
			for (int b = 0; b < 2 * count; b++) {
				int tile = list[b / 2] * 2 + b % 2;
				for (int half = 0; half < 2; half++) {
					product(score + half * TILE, T, a + (i + half * T) * d, kt + tile * (d / B) * TILE, d);
					product(dp + half * TILE, T, ga + (i + half * T) * d, vt + tile * (d / B) * TILE, d);
				}
				for (int x = 0; x < B; x += 2) {
					__m256i p2[2], d2[2];
					for (int y = 0; y < 2; y++) {
						int row = i + x + y;
						__mmask16 m = seen(&s, row, tile * T);
						float l = row < rows ? lse[hr + row] : 0, e = row < rows ? delta[row] : 0;
						__m512 z = _mm512_fmsub_ps(_mm512_loadu_ps(score + (x + y) * T), _mm512_set1_ps(scale * 1.44269504f), _mm512_set1_ps(l));
						__m512 p = _mm512_maskz_mov_ps(m, exp2_of(z));
						__m512 ds = _mm512_mul_ps(_mm512_mul_ps(p, _mm512_set1_ps(scale)), _mm512_sub_ps(_mm512_loadu_ps(dp + (x + y) * T), _mm512_set1_ps(e)));
						p2[y] = (__m256i)_mm512_cvtneps_pbh(p), d2[y] = (__m256i)_mm512_cvtneps_pbh(ds);
						_mm256_storeu_si256((__m256i *)(w + (x + y) * c + b * T), d2[y]);
					}
					_mm512_store_si512(pw + x / 2 * T, paired(p2[0], p2[1]));
					_mm512_store_si512(dw + x / 2 * T, paired(d2[0], d2[1]));
				}
				gather(sv + tile * (d / T) * TILE, gt + i / B * (d / T) * TILE, pw, d);
				gather(sk + tile * (d / T) * TILE, qt + i / B * (d / T) * TILE, dw, d);
			}
			for (int half = 0; half < 2; half++) {
				weighted(o, w + half * T * c, c, ka, list, count, d);
				for (int x = 0; x < T && i + half * T + x < rows; x++)
					for (int y = 0; y < d; y++) dq[(hr + i + half * T + x) * d + y] = rounded(o[x * d + y]);
			}
		}
		back_rows(dk + hc * d, sk, columns, d), back_rows(dv + hc * d, sv, columns, d);
	}
	_tile_release();
	free(a), free(ga), free(qt), free(gt), free(packed), free(w), free(kt), free(vt), free(ka), free(sk), free(sv), free(delta), free(o);
}
