"""The DER Engine: reads a home's devices, signs what it read and forwards it."""
