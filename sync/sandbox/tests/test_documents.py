from datetime import date
from random import Random

from stdnum.br import cnpj, cpf

from sync.sandbox.generator.documents import (
    boleto,
    end_to_end_id,
    make_cnpj,
    make_cpf,
    make_uuid,
    masked,
    punctuate,
)
from sync.sandbox.generator.office import cnj_number


def test_cpfs_and_cnpjs_have_right_digits():
    rng = Random(1)
    assert all(cpf.is_valid(make_cpf(rng)) for _ in range(500))
    assert all(cnpj.is_valid(make_cnpj(rng)) for _ in range(500))


def test_cnpjs_with_letters_have_right_digits_and_letters():
    rng = Random(2)
    documents = [make_cnpj(rng, letters=True) for _ in range(500)]
    assert all(cnpj.is_valid(document) for document in documents)
    assert not any(document.isdigit() for document in documents)


def test_a_boleto_of_the_new_due_factor():
    barcode, line = boleto("341", date(2026, 8, 20), 150_000, "1091234567890123456789012")
    assert barcode == "34198154400001500001091234567890123456789012"
    assert line == "34191091233456789012334567890123815440000150000"


def test_the_due_factor_before_and_after_its_restart():
    assert boleto("001", date(2025, 2, 21), 100, "0" * 25)[0][5:9] == "9999"
    assert boleto("001", date(2025, 2, 22), 100, "0" * 25)[0][5:9] == "1000"


def test_an_end_to_end_id_carries_the_utc_minute():
    assert (
        end_to_end_id(Random(1), "18236120", date(2026, 6, 30), 14 * 3600 + 32 * 60)[:21]
        == "E18236120202606301732"
    )
    assert len(end_to_end_id(Random(1), "18236120", date(2026, 6, 30), 86_399)) == 32


def test_case_numbers_have_right_check_digits():
    number = cnj_number(Random(4), 2025)
    digits = number.replace("-", "").replace(".", "")
    assert len(number) == 25
    assert int(digits[:7] + digits[9:] + digits[7:9]) % 97 == 1


def test_punctuation_and_masks():
    assert punctuate("11144477735") == "111.444.777-35"
    assert punctuate("12ABC34501DE35") == "12.ABC.345/01DE-35"
    assert masked("11144477735") == "***.444.777-**"


def test_uuids_are_version_4():
    text = make_uuid(Random(3))
    assert (len(text), text[14]) == (36, "4")
    assert text[19] in "89ab"
