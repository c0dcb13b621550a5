/* kernel.c: kernel.h. */
#include "kernel.h"

#include <stdbool.h>
#include <stddef.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Which bytes of 64 are what: a bit each. */
struct script_marks {
	uint64_t quote; /* " ' ` */
	uint64_t low;   /* up to ',': ends a name, but for '%' */
	uint64_t dot, slash, backslash, percent, brace;
};

/*
 * Quotes whose next mark is one of `wanted`: adding a one behind each quote carries it over the bytes that are no
 * marks, to the next that is. A quote without a mark behind it counts too.
 */
static inline uint64_t
quotes_before(uint64_t quotes, uint64_t marks, uint64_t wanted)
{
	uint64_t reached = ((quotes << 1) + ~marks) & wanted, found = 0;

	for (; reached != 0; reached &= reached - 1) {
		uint64_t below = quotes & ((reached & -reached) - 1);

		found |= UINT64_C(1) << (63 - __builtin_clzll(below));
	}
	if (quotes != 0) {
		uint64_t last = UINT64_C(1) << (63 - __builtin_clzll(quotes));

		found |= (marks & -last & ~last) == 0 ? last : 0;
	}
	return found;
}

static inline uint64_t
script_anchors(const struct script_marks *m)
{
	const uint64_t end = UINT64_C(1) << 63;
	uint64_t wanted = m->dot | m->slash | m->backslash | m->percent, found;

	found = quotes_before(m->quote, m->quote | m->low | wanted, wanted);
	found |= m->slash & ((m->slash | m->backslash | m->dot) >> 1 | end);
	found |= m->backslash & ~(m->quote >> 1);
	return found | (m->brace & ((m->dot | m->slash) >> 1 | end));
}

#if defined(__x86_64__)

/* The marks of one vector v; IS(), UP_TO() and BITS() are those of the instruction set. */
#define READ_MARKS(m)                                                                                \
	do {                                                                                         \
		(m)->quote |= BITS(IS('"')) | BITS(IS('\'')) | BITS(IS('`'));                        \
		(m)->low |= BITS(UP_TO(','));                                                        \
		(m)->dot |= BITS(IS('.'));                                                           \
		(m)->slash |= BITS(IS('/'));                                                         \
		(m)->backslash |= BITS(IS('\\'));                                                    \
		(m)->percent |= BITS(IS('%'));                                                       \
		(m)->brace |= BITS(IS('}'));                                                         \
	} while (0)

/* ---- SSE2: every x86-64 has it ---- */

static inline void
marks_16(const char *p, unsigned at, struct script_marks *m)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

#define IS(c) _mm_cmpeq_epi8(v, _mm_set1_epi8(c))
#define BITS(x) ((uint64_t)(unsigned)_mm_movemask_epi8(x) << at)
#define UP_TO(c) _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(c)), v)
	READ_MARKS(m);
#undef UP_TO
#undef BITS
#undef IS
}

static uint64_t
anchors_sse2(const char *p)
{
	struct script_marks m = {0};

	for (unsigned at = 0; at < 64; at += 16)
		marks_16(p + at, at, &m);
	return script_anchors(&m);
}

/* ---- AVX2 ---- */

__attribute__((target("avx2"))) static inline void
marks_32(const char *p, unsigned at, struct script_marks *m)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

#define IS(c) _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c))
#define BITS(x) ((uint64_t)(unsigned)_mm256_movemask_epi8(x) << at)
#define UP_TO(c) _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(c)), v)
	READ_MARKS(m);
#undef UP_TO
#undef BITS
#undef IS
}

__attribute__((target("avx2"))) static uint64_t
anchors_avx2(const char *p)
{
	struct script_marks m = {0};

	marks_32(p, 0, &m);
	marks_32(p + 32, 32, &m);
	return script_anchors(&m);
}

uint64_t
kernel_script_anchors(const char *p)
{
	return __builtin_cpu_supports("avx2") ? anchors_avx2(p) : anchors_sse2(p);
}

#else

/* ---- plain C ---- */

uint64_t
kernel_script_anchors(const char *p)
{
	struct script_marks m = {0};

	for (unsigned at = 0; at < 64; at++) {
		uint64_t bit = UINT64_C(1) << at;
		unsigned char c = (unsigned char)p[at];

		m.quote |= c == '"' || c == '\'' || c == '`' ? bit : 0;
		m.low |= c <= ',' ? bit : 0;
		m.dot |= c == '.' ? bit : 0;
		m.slash |= c == '/' ? bit : 0;
		m.backslash |= c == '\\' ? bit : 0;
		m.percent |= c == '%' ? bit : 0;
		m.brace |= c == '}' ? bit : 0;
	}
	return script_anchors(&m);
}

#endif
