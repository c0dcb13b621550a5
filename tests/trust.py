#!/usr/bin/env python3
"""trust.py HOME CA.pem: has browsers of that home trust an authority, by a database of NSS, which each of them comes with.

Chromium reads it where it is (.pki/nssdb); Firefox wants it in its profile. Run as a program: NSS is for one database a process.
"""
import ctypes
import os
import ssl
import subprocess
import sys

CALLS = {"PK11_GetInternalKeySlot": ctypes.c_void_p, "CERT_GetDefaultCertDB": ctypes.c_void_p, "CERT_NewTempCertificate": ctypes.c_void_p}


class Item(ctypes.Structure):
    _fields_ = [("type", ctypes.c_uint), ("data", ctypes.c_char_p), ("len", ctypes.c_uint)]


class Trust(ctypes.Structure):
    _fields_ = [("tls", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint)]


def write(home, pem):
    folder = os.path.join(home, ".pki", "nssdb")
    os.makedirs(folder, exist_ok=True)
    with open(pem) as f:
        der = ssl.PEM_cert_to_DER_cert(f.read())
    nss = ctypes.CDLL("libnss3.so")
    for name, result in CALLS.items():
        getattr(nss, name).restype = result

    def call(name, *args):
        assert getattr(nss, name)(*args) == 0, name

    call("NSS_InitReadWrite", f"sql:{folder}".encode())
    slot, db, trust = ctypes.c_void_p(nss.PK11_GetInternalKeySlot()), ctypes.c_void_p(nss.CERT_GetDefaultCertDB()), Trust()
    call("PK11_InitPin", slot, None, b"")
    cert = ctypes.c_void_p(nss.CERT_NewTempCertificate(db, ctypes.byref(Item(0, der, len(der))), None, 0, 1))
    assert cert, "the certificate cannot be read"
    call("PK11_ImportCert", slot, cert, ctypes.c_ulong(0), b"throwaway", 0)
    call("CERT_DecodeTrustString", ctypes.byref(trust), b"C,,")
    call("CERT_ChangeCertTrust", db, cert, ctypes.byref(trust))
    nss.CERT_DestroyCertificate(cert)
    nss.PK11_FreeSlot(slot)
    call("NSS_Shutdown")


def home_that_trusts(home, pem):
    """Its path, or None where there is no NSS."""
    ran = subprocess.run([sys.executable, os.path.abspath(__file__), str(home), str(pem)], capture_output=True, text=True, timeout=120)
    if "cannot open shared object" in ran.stderr:
        return None
    assert ran.returncode == 0, ran.stderr
    return str(home)


if __name__ == "__main__":
    write(*sys.argv[1:])
