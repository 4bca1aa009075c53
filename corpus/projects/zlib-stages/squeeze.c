#include <stdio.h>
#include <string.h>
#include <zlib.h>

int main(void)
{
    unsigned char in[1000], packed[1100], out[1000];
    uLongf packed_len = sizeof packed, out_len = sizeof out;

    memset(in, 'x', sizeof in);
    if (compress(packed, &packed_len, in, sizeof in) != Z_OK)
        return 1;
    if (uncompress(out, &out_len, packed, packed_len) != Z_OK || memcmp(in, out, sizeof in))
        return 1;
    printf("deflated %zu bytes to %lu, and back to %lu\n", sizeof in, packed_len, out_len);
    return 0;
}
