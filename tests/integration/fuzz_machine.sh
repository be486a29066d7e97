#!/bin/bash
# timeout: 180
exec tests/fuzz/minute machine 10
