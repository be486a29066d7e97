build-asan/src/model/module.o: src/model/module.c src/model/module.h
src/model/module.h:
