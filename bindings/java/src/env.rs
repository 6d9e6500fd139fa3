//! What the JVM gives to a native call: its environment, and arrays of bytes.

use std::cell::RefCell;
use std::ptr;

use jni_sys::{JNI_OK, JNI_VERSION_1_6, JNIEnv, JavaVM, jbyteArray, jint, jobject};
use llm_policy_embed::{Error, ErrorCode};

use crate::input::Input;

/// A buffer that grew beyond this is not kept for the next call.
const KEPT: usize = 1 << 20;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The environment of one native call.
#[derive(Clone, Copy)]
pub(crate) struct Env(*mut JNIEnv);

impl Env {
    /// # Safety
    /// `env` and all arrays that are handed to the methods are those of one native call that has not returned, and no Java
    /// exception is pending.
    pub(crate) unsafe fn new(env: *mut JNIEnv) -> Self {
        Self(env)
    }

    /// How long an array is.
    fn length(self, array: jbyteArray) -> Result<jint, Error> {
        if array.is_null() {
            return Err(Error::new(ErrorCode::InvalidArgument, "null where bytes are expected"));
        }
        // SAFETY: the environment is valid and the array is one of the call's, says `new`; it is not null.
        Ok(unsafe { ((**self.0).v1_1.GetArrayLength)(self.0, array) })
    }

    /// Copies `length` bytes from `offset` of an array to the end of `to`.
    fn copy(self, array: jbyteArray, offset: jint, length: jint, to: &mut Vec<u8>) -> Result<(), Error> {
        let whole = self.length(array)?;
        let inside = offset >= 0 && length >= 0 && offset.checked_add(length).is_some_and(|end| end <= whole);
        let Some(size) = usize::try_from(length).ok().filter(|_| inside) else {
            return Err(Error::new(ErrorCode::InvalidArgument, "a range that is not inside of the array"));
        };
        to.reserve(size);
        let free = to.spare_capacity_mut().as_mut_ptr();
        // SAFETY: the range is inside of the array, and there is room for `size` bytes, all of which the JVM writes.
        unsafe {
            ((**self.0).v1_1.GetByteArrayRegion)(self.0, array, offset, length, free.cast());
            to.set_len(to.len() + size);
        }
        Ok(())
    }

    /// All bytes of an array.
    pub(crate) fn bytes(self, array: jbyteArray) -> Result<Vec<u8>, Error> {
        let (length, mut bytes) = (self.length(array)?, Vec::new());
        self.copy(array, 0, length, &mut bytes)?;
        Ok(bytes)
    }

    /// What `work` makes of a part of an array, copied to a buffer that the thread keeps.
    pub(crate) fn with_bytes<R>(
        self,
        array: jbyteArray,
        offset: jint,
        length: jint,
        work: impl FnOnce(&[u8]) -> R,
    ) -> Result<R, Error> {
        let mut buffer = BUFFER.take();
        buffer.clear();
        let result = self.copy(array, offset, length, &mut buffer).map(|()| work(&buffer));
        if buffer.capacity() <= KEPT {
            BUFFER.set(buffer);
        }
        result
    }

    /// As [`Env::with_bytes`], for what takes an input as JSON, whatever its form is.
    pub(crate) fn with_json<R>(
        self,
        form: jint,
        array: jbyteArray,
        offset: jint,
        length: jint,
        work: impl FnOnce(&[u8]) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.with_bytes(array, offset, length, |bytes| work(&Input::new(form, bytes).json()?))?
    }

    /// A new array with these bytes; null, with a Java exception pending, when the JVM has no memory.
    pub(crate) fn array(self, bytes: &[u8]) -> jbyteArray {
        let length = jint::try_from(bytes.len()).unwrap_or(jint::MAX);
        // SAFETY: the environment is valid, says `new`; the bytes written are within both the array and the slice.
        unsafe {
            let array = ((**self.0).v1_1.NewByteArray)(self.0, length);
            if !array.is_null() {
                ((**self.0).v1_1.SetByteArrayRegion)(self.0, array, 0, length, bytes.as_ptr().cast());
            }
            array
        }
    }

    /// A reference to an object that outlives the call; `None` when the JVM has no memory.
    pub(crate) fn keep(self, object: jobject) -> Option<GlobalRef> {
        let mut vm = ptr::null_mut();
        // SAFETY: the environment and the object are those of the call, says `new`; `vm` is written here.
        unsafe {
            if object.is_null() || ((**self.0).v1_1.GetJavaVM)(self.0, &raw mut vm) != JNI_OK {
                return None;
            }
            let object = ((**self.0).v1_1.NewGlobalRef)(self.0, object);
            (!object.is_null()).then_some(GlobalRef { vm, object })
        }
    }

    /// A kept object for the caller.
    pub(crate) fn local(self, kept: &GlobalRef) -> jobject {
        // SAFETY: the environment is valid, says `new`; the reference is not deleted before `kept` is dropped.
        unsafe { ((**self.0).v1_2.NewLocalRef)(self.0, kept.object) }
    }
}

/// A Java object that is kept from the garbage collector.
pub(crate) struct GlobalRef {
    vm: *mut JavaVM,
    object: jobject,
}

// SAFETY: a global reference and the JVM's interface may be used by any thread.
unsafe impl Send for GlobalRef {}
// SAFETY: as above.
unsafe impl Sync for GlobalRef {}

impl Drop for GlobalRef {
    fn drop(&mut self) {
        let mut env = ptr::null_mut();
        // SAFETY: there is one JVM in a process, and it runs as long as this library is loaded. What is dropped is dropped in a
        // native call, so the thread has an environment; one without leaves the object where it is.
        unsafe {
            if ((**self.vm).v1_2.GetEnv)(self.vm, &raw mut env, JNI_VERSION_1_6) == JNI_OK {
                let env = env.cast::<JNIEnv>();
                ((**env).v1_1.DeleteGlobalRef)(env, self.object);
            }
        }
    }
}
