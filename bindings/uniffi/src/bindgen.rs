//! UniFFI's generator, in the version that the library is built with: they have to be the same.

fn main() {
    uniffi::uniffi_bindgen_main();
}
