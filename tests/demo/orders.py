"""A report over orders, with two ordinary mistakes in it.

unique_customers() looks every customer up in a list, which is quadratic; audit() remembers every
order in a list that nobody ever empties.
"""
AUDIT_LOG = []


def audit(number, customer):
    AUDIT_LOG.append({"id": number, "text": "customer %d" % customer, "tags": [number, customer]})


def unique_customers(customers):
    seen = []
    for customer in customers:
        if customer not in seen:
            seen.append(customer)
    return seen


def main():
    customers = [number * 7919 % 2400 for number in range(400000)]
    unique = unique_customers(customers)
    for number in range(640000):
        audit(number, number % 2400)
    print("%d orders of %d customers" % (len(AUDIT_LOG), len(unique)))


main()
