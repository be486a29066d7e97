build-asan/src/report/clock.o: src/report/clock.c src/report/clock.h
src/report/clock.h:
