from setuptools import Extension, setup

setup(ext_modules=[Extension("_crc16", ["src/crc16.c"])])
