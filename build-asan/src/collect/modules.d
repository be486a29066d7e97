build-asan/src/collect/modules.o: src/collect/modules.c \
 src/collect/modules.h src/collect/maps.h src/model/module.h \
 src/probe/elf_file.h
src/collect/modules.h:
src/collect/maps.h:
src/model/module.h:
src/probe/elf_file.h:
