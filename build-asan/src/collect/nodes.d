build-asan/src/collect/nodes.o: src/collect/nodes.c src/collect/nodes.h
src/collect/nodes.h:
