/* text.c - foreign bytes: what they are, and how a person may see them */
#define LIBBSD_NETBSD_VIS /* of its two strnvis(3), neither is used */
#include <bsd/vis.h>
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "text.h"

size_t
text_character(const unsigned char *p, size_t left, uint32_t *character)
{
	static const struct {
		unsigned char first, last, low, high, length;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, /* lower ones would be overlong */
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, /* higher ones are surrogates */
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 }, /* Unicode ends at 10ffff */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t length = forms[i].length;

		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (length > left ||
			(length > 1 && (p[1] < forms[i].low || p[1] > forms[i].high)))
			return 0;
		*character = length == 1 ? p[0] : p[0] & (0x7fU >> length);
		for (size_t k = 1; k < length; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
			*character = *character << 6 | (p[k] & 0x3fU);
		}
		return length;
	}
	return 0;
}

bool
text_is_utf8(const void *bytes, size_t length)
{
	const unsigned char *p = bytes;
	uint32_t character;

	for (size_t step; length > 0; p += step, length -= step)
		if ((step = text_character(p, length, &character)) == 0)
			return false;
	return true;
}

/* Unicode's Default_Ignorable_Code_Point, controls and separators, in order. */
bool
text_is_invisible(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x34f, 0x34f },
		{ 0x61c, 0x61c },
		{ 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0;
		i < sizeof(ranges) / sizeof(*ranges) && character >= ranges[i].first;
		i++)
		if (character <= ranges[i].last)
			return true;
	return false;
}

/* The locale of the person, when it has UTF-8; else 0. */
static locale_t
utf8_locale(void)
{
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (user != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, user), "UTF-8") != 0) {
		freelocale(user);
		user = (locale_t)0;
	}
	return user;
}

/* Whether vis(3) shows the byte with a comma: itself, or as \M-, what is one but for a bit. */
static bool
has_comma(unsigned char byte)
{
	return (byte & 0x7f) == ',';
}

static char *
encode(char *to, const unsigned char *p, size_t length, int flags, bool in_list,
	locale_t user)
{
	uint32_t character;

	while (length > 0) {
		size_t step =
			user == (locale_t)0 ? 0 : text_character(p, length, &character);

		if (in_list && step <= 1 && has_comma(*p)) {
			step = 1;
			to += sprintf(to, "\\%03o", *p);
		} else if (*p > ' ' && *p <= '~' &&
			*p != '\\') { /* vis(3) allocates each time */
			step = 1;
			*to++ = (char)*p;
		} else if (step > 1 && iswprint_l(character, user) &&
			!text_is_invisible(character)) {
			to = mempcpy(to, p, step);
		} else {
			step = 1;
			to = vis(to, *p, flags, length > 1 ? p[1] : 0);
		}
		p += step;
		length -= step;
	}
	*to = '\0';
	return to;
}

static char *
visible(const void *bytes, size_t length, bool one_word, bool in_list)
{
	int flags =
		VIS_CSTYLE | VIS_TAB | VIS_NL | VIS_NOLOCALE | (one_word ? VIS_SP : 0);
	char *text = malloc(4 * length + 1); /* as vis(3) says */
	locale_t user = (locale_t)0;

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < length; i++)
		if (((const unsigned char *)bytes)[i] >= 0x80) {
			user = utf8_locale();
			break;
		}
	encode(text, bytes, length, flags, in_list, user);
	if (user != (locale_t)0)
		freelocale(user);
	return text;
}

char *
text_visible(const void *bytes, size_t length, bool one_word)
{
	return visible(bytes, length, one_word, false);
}

char *
text_visible_in_list(const char *text)
{
	return visible(text, strlen(text), true, true);
}
