use super::*;

fn check(text: &str) -> String {
    let once = policy(text).unwrap_or_else(|e| panic!("{}", e.render(text, "t", false)));
    assert_eq!(policy(&once).unwrap(), once, "not the same again");
    once
}

#[test]
fn examples() {
    for file in ["budget", "security", "governance"] {
        let path = format!("{}/../../examples/policies/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let out = check(&text);
        if let Some(diff) = diff(&text, &out, file) {
            println!("{diff}");
        }
    }
}

#[test]
fn comments_stay_where_they_are() {
    let text = "\
# top

version: '1.0'   # version


metadata:      {name: a,   # inside
  tags: [x,y]}
rules:   # rules
    # of a
- id: a   # id
  when: |   # why
     user.id=='a' // deep
     && b
  actions:
  # deny
  - deny
  # behind deny

# of b
-   id: b
    when:   'x'   # x
    conditions:
      all: [
        a==1, # one
        # two
        b==2
      ] # end
    actions: [ allow ] # done
  # indented less
# the end
";
    assert_eq!(
        check(text),
        "\
# top

version: '1.0' # version

metadata:
  name: a # inside
  tags: [x, y]
rules: # rules
  # of a
  - id: a # id
    when: | # why
      user.id == 'a' // deep
      && b
    actions:
      # deny
      - deny
      # behind deny

  # of b
  - id: b
    when: 'x' # x
    conditions:
      all:
        - a == 1 # one
        # two
        - b == 2
        # end
    actions: [allow] # done
# indented less
# the end
"
    );
}

#[test]
fn values_stay_what_they_are() {
    let text = "\
a: &x  one
b:   *x
c:  &list [1,  '2', \"3\"]
d: &map
     k:   v
e: 'multi

   line'
f: >-2
     two spaces
    and none
g: |+
   kept

h:
i: {}
j: []
k: - not a list
l: \"a # b: c\" # d
m:
- - 1
  - 2
-
  - 3
- &y
  z: 1
? n
: ö # ü
o: plain
   text
p: |

   leading
";
    assert_eq!(
        data(&text.replace("k: - not a list\n", "")).unwrap_or_else(|e| panic!("{}", e.render(text, "t", false))),
        "\
a: &x one
b: *x
c: &list [1, '2', \"3\"]
d: &map
  k: v
e: 'multi

  line'
f: >-2
     two spaces
    and none
g: |+
  kept

h:
i: {}
j: []
l: \"a # b: c\" # d
m:
  - - 1
    - 2
  - - 3
  - &y
    z: 1
n: ö # ü
o: plain
  text
p: |

  leading
"
    );
}

#[test]
fn long_conditions_become_blocks() {
    let clause = "request.data_classification in ['confidential','restricted']";
    let text = format!("rules:\n- id: a\n  when: {clause} && {clause}&&{clause}\n");
    let wanted = "request.data_classification in ['confidential', 'restricted']";
    assert_eq!(
        check(&text),
        format!("rules:\n  - id: a\n    when: >-\n      {wanted}\n      && {wanted}\n      && {wanted}\n")
    );
}

#[test]
fn quotes_are_added_where_the_new_spaces_need_them() {
    assert_eq!(check("variables: {a: x?1:2, b: 'a&&b'}"), "variables: {a: \"x ? 1 : 2\", b: 'a && b'}\n");
    assert_eq!(check("variables:\n  a: x?\"1\":\"\\\\2\"\n"), "variables:\n  a: 'x ? \"1\" : \"\\\\2\"'\n");
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (text, code) in [
        ("a: !x b", "yaml-syntax"),
        ("a: b\n---\nc: d", "yaml-syntax"),
        ("a: [", "yaml-syntax"),
        ("%YAML 1.2\n---\na: b", "yaml-directive"),
        ("a: \0b", "control-character"),
        ("[a]: b", "yaml-syntax"),
    ] {
        assert_eq!(policy(text).unwrap_err().code, code, "{text}");
    }
}

#[test]
fn nothing_but_comments_stays() {
    assert_eq!(check("# a\n\n\n# b"), "# a\n\n# b\n");
    assert_eq!(check(""), "\n");
}
