from _crc16 import crc16

__all__ = ["crc16"]
