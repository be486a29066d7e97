// What tests/symbols compares with llvm-symbolizer for Rust. rust-legacy.s.xz and rust-v0.s.xz are made of
// it by Debian 12's rustc 1.63, so that the tests need no Rust compiler; then packed by xz -9e:
//   rustc --crate-type=lib --crate-name=rust -O -g -C panic=abort -C codegen-units=1 -C relocation-model=pic \
//         [-C symbol-mangling-version=v0] --remap-path-prefix=$PWD=/src --emit=asm -o rust-v0.s rust.rs
#![no_std]

pub mod shapes {
    pub trait Area {
        fn area(&self) -> u64;
        fn twice(&self) -> u64 {
            self.area().wrapping_mul(2)
        }
    }

    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    pub struct Square(pub u32);

    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    pub enum Shape {
        Square(Square),
        Oblong { width: u32, height: u32 },
        Nothing,
    }

    impl Area for Square {
        fn area(&self) -> u64 {
            u64::from(self.0).pow(2)
        }
    }

    impl Area for Shape {
        fn area(&self) -> u64 {
            match self {
                Shape::Square(square) => square.area(),
                Shape::Oblong { width, height } => u64::from(*width) * u64::from(*height),
                Shape::Nothing => 0,
            }
        }
    }
}

use shapes::{Area, Shape, Square};

pub struct Grüße<'a, T, const N: usize> {
    pub rows: &'a mut [T; N],
}

impl<'a, T: Ord + Copy, const N: usize> Grüße<'a, T, N> {
    #[inline(never)]
    pub fn order(&mut self) -> Option<T> {
        self.rows.sort_unstable();
        self.rows.iter().copied().max()
    }

    pub fn each<F: FnMut(&T) -> bool>(&self, mut keep: F) -> usize {
        self.rows.iter().filter(|row| keep(row)).count()
    }
}

#[no_mangle]
pub fn total(shapes: &[Shape]) -> u64 {
    shapes.iter().map(Area::twice).filter(|area| area % 3 != 0).fold(0, u64::wrapping_add)
}

#[no_mangle]
pub fn ordered(mut numbers: [u32; 64]) -> (Option<u32>, usize) {
    let mut rows = Grüße { rows: &mut numbers };
    (rows.order(), rows.each(|row| row % 7 == 1))
}

#[no_mangle]
pub fn shaped(mut shapes: [Shape; 32]) -> Option<Shape> {
    shapes[3] = Shape::Square(Square(7));
    Grüße { rows: &mut shapes }.order()
}

#[no_mangle]
pub fn words(text: &str) -> usize {
    text.split_whitespace().flat_map(str::chars).filter(|c| c.is_alphabetic()).map(char::len_utf8).sum()
}

#[no_mangle]
pub fn parsed(text: &str) -> Result<i64, core::num::ParseIntError> {
    text.split(',').try_fold(0i64, |sum, part| Ok(sum.wrapping_add(part.trim().parse::<i64>()?)))
}

#[no_mangle]
pub fn shown(shapes: &[Shape], to: &mut dyn core::fmt::Write) -> core::fmt::Result {
    shapes.iter().enumerate().try_for_each(|(at, shape)| write!(to, "{at}: {shape:?} {:08.3} ", at as f64 / 3.0))
}
