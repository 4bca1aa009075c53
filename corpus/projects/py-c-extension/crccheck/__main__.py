import sys

from . import crc16

word = sys.argv[1] if len(sys.argv) > 1 else "dockopt"
print(f"crc16({word}) = {crc16(word.encode()):#06x}")
