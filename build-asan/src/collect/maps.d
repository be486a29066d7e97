build-asan/src/collect/maps.o: src/collect/maps.c src/collect/maps.h
src/collect/maps.h:
