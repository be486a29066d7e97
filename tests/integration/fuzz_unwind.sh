#!/bin/bash
# timeout: 180
exec tests/fuzz/briefly unwind
