use super::form::Form;
use super::vendors::TABLE;

#[test]
fn every_row_of_the_table_can_be_read() {
    for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.starts_with("vendors\t")) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 4, "{line}");
        let forms = Form::read(columns[2], columns[3].contains('i')).unwrap_or_else(|error| panic!("{line}: {error}"));
        let anchored =
            forms.iter().all(|form| form.prefix.len() >= 2) || columns[3].contains("kw:") || columns[3].contains("at:");
        assert!(anchored, "{line}: no literal to look for");
    }
}
