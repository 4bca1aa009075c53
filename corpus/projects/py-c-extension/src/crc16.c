#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *crc16(PyObject *self, PyObject *args)
{
    const unsigned char *data;
    Py_ssize_t len;
    unsigned int crc = 0xffff;

    (void)self;
    if (!PyArg_ParseTuple(args, "y#", &data, &len))
        return NULL;
    for (Py_ssize_t i = 0; i < len; i++) {
        crc ^= (unsigned int)data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
    return PyLong_FromUnsignedLong(crc);
}

static PyMethodDef methods[] = {
    {"crc16", crc16, METH_VARARGS, "CRC-16/CCITT of some bytes"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_crc16", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__crc16(void)
{
    return PyModule_Create(&module);
}
